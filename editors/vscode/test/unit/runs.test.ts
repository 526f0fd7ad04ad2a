import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { Runs, type RunMessage } from '../../src/runs';
import { Transcript, type Piece } from '../../src/transcript';

const base = { run: 'r1', uri: 'file:///a/.draft-tasks.toml', phase: 'post-deploy' };

test('what goes on is known until it is over', () => {
  const runs = new Runs();
  runs.onRun({ ...base, state: 'started', message: 'post-deploy · 1 task' });
  runs.onRun({ ...base, state: 'waiting', message: '2/3 pods ready' });
  assert.equal(runs.active[0]?.waiting, '2/3 pods ready');
  const waited: string[] = [];
  runs.listen({ onRun: () => undefined, onWait: () => waited.push(runs.active[0]?.waiting ?? '') });
  runs.onWait('r1', '2/3 pods ready (12 s of 300 s)');
  runs.onWait('of another server', '0/1 pods ready');
  assert.deepEqual(waited, ['2/3 pods ready (12 s of 300 s)']);
  runs.onRun({ ...base, state: 'taskStarted', task: 'sync', message: 'sync' });
  runs.onWait('r1', 'sync');
  assert.deepEqual(runs.active, [{ ...base, task: 'sync' }]);
  runs.onRun({ ...base, state: 'finished', outcome: 'failed', message: 'post-deploy: 1 failed' });
  assert.deepEqual(runs.active, []);
  assert.equal(runs.lastOf(base.uri)?.outcome, 'failed');
});

test('a run that did not begin leaves how the last one ended', () => {
  const runs = new Runs();
  runs.onRun({ ...base, state: 'finished', outcome: 'failed', message: 'post-deploy: 1 failed' });
  runs.onRun({ ...base, run: 'r2', state: 'started', message: 'post-deploy · 1 task' });
  runs.onRun({ ...base, run: 'r2', state: 'finished', outcome: 'skipped', message: 'post-deploy did not run: it was not confirmed' });
  assert.deepEqual(runs.active, []);
  assert.equal(runs.lastOf(base.uri)?.outcome, 'failed');
});

test('what a server ran that is gone is interrupted, or stopped where somebody wanted its end, and all are told', () => {
  for (const [wasAsked, outcome, how] of [
    [false, 'interrupted', 'interrupted, as the server has ended; its tasks may still run'],
    [true, 'stopped', 'stopped with the server'],
  ] as const) {
    const runs = new Runs();
    const told: RunMessage[] = [];
    runs.listen({ onRun: (message) => told.push(message) });
    runs.onRun({ ...base, state: 'started', message: '' });
    assert.deepEqual(runs.onServerGone(wasAsked), wasAsked ? [] : ['post-deploy']);
    assert.deepEqual(runs.onServerGone(wasAsked), []);
    assert.deepEqual(told.map(({ state, outcome }) => [state, outcome]), [['started', undefined], ['finished', outcome]]);
    assert.equal(told[1]?.message, `post-deploy: ${how}`);
  }
});

test('the last run is that of a file, or of all', () => {
  const runs = new Runs();
  const end = (uri: string, outcome: 'passed' | 'failed'): void => runs.onRun({ ...base, uri, state: 'finished', outcome, message: outcome });
  end('file:///a', 'failed');
  end('file:///b', 'passed');
  assert.deepEqual([runs.lastOf('file:///a')?.outcome, runs.lastOf('file:///b')?.outcome, runs.lastOf('file:///c')], ['failed', 'passed', undefined]);
  assert.equal(runs.lastOf()?.uri, 'file:///b');
  end('file:///a', 'passed');
  assert.equal(runs.lastOf()?.uri, 'file:///a');
  runs.forgetLast();
  assert.equal(runs.lastOf(), undefined);
});

test('the transcript has both streams in the order in which they were written', () => {
  const pieces: Piece[] = [];
  const transcript = new Transcript((piece) => pieces.push(piece), String);
  const numbers = [...Array(1000).keys()];
  const turns = numbers.map((number) => ({ stream: number % 2 === 0 ? 'stdout' : 'stderr', text: `${number}\n` }));
  transcript.onOutput({ ...base, task: 'sync', pieces: turns.slice(0, 500) });
  transcript.onOutput({ ...base, task: 'sync', pieces: turns.slice(500) });
  assert.equal(pieces.map(({ text }) => text).join(''), `▶ post-deploy · sync\n${numbers.join('\n')}\n`);
});

test('the transcript names whose text comes, each time that it is another', () => {
  const pieces: Piece[] = [];
  const transcript = new Transcript((piece) => pieces.push(piece), String);
  const output = (pod: string, text: string): void => {
    transcript.onOutput({ ...base, task: 'sync', pod, pieces: [{ stream: 'stdout', text }] });
  };
  transcript.onRun({ ...base, state: 'started', message: 'post-deploy · 1 task' });
  transcript.onRun({ ...base, state: 'taskStarted', task: 'sync', pod: 'web-1', message: 'sync' });
  output('web-1', 'a\n');
  output('web-2', 'b');
  output('web-1', 'c\n');
  transcript.onRun({ ...base, state: 'taskFinished', task: 'sync', pod: 'web-1', outcome: 'passed', message: '✓ sync 0.0 s' });
  transcript.onRun({ ...base, state: 'started', message: 'again' });
  assert.equal(pieces.map(({ text }) => text).join(''), [
    'post-deploy · 1 task', '▶ sync · web-1', 'a', '▶ post-deploy · sync · web-2', 'b', '▶ post-deploy · sync · web-1', 'c', '✓ sync 0.0 s', '', 'again', '',
  ].join('\n'));
});

test('where runs of several files go on, the transcript names them by their folders until they end', () => {
  const pieces: Piece[] = [];
  const transcript = new Transcript((piece) => pieces.push(piece), (uri) => uri.split('/').at(-2) ?? '');
  const [a, b] = [{ ...base, phase: 'pre-up' }, { run: 'r2', uri: 'file:///b/.draft-tasks.toml', phase: 'pre-up' }];
  const output = (of: typeof a, text: string): void => transcript.onOutput({ ...of, task: 'make', pieces: [{ stream: 'stdout', text }] });
  transcript.onRun({ ...a, state: 'started', message: 'pre-up · 1 task' });
  transcript.onRun({ ...a, state: 'taskStarted', task: 'make', message: 'make' });
  transcript.onRun({ ...b, state: 'started', message: 'pre-up · 1 task' });
  transcript.onRun({ ...b, state: 'taskStarted', task: 'make', message: 'make' });
  output(a, '1\n');
  transcript.onRun({ ...b, state: 'finished', outcome: 'passed', message: 'pre-up: 1 passed' });
  output(a, '2\n');
  transcript.onRun({ ...a, state: 'finished', outcome: 'passed', message: 'pre-up: 1 passed' });
  transcript.onRun({ ...a, run: 'r3', state: 'started', message: 'pre-up · 1 task' });
  assert.equal(pieces.map(({ text }) => text).join(''), [
    'pre-up · 1 task', '▶ make', '', 'b · pre-up · 1 task', '▶ b · make', '▶ a · pre-up · make', '1', 'b · pre-up: 1 passed',
    '▶ a · pre-up · make', '2', 'a · pre-up: 1 passed', '', 'pre-up · 1 task', '',
  ].join('\n'));
});
