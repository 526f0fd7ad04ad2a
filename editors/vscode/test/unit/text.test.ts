import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { forTerminal, plain, Tail } from '../../src/text';

test('a plain text has no colours, and of what was overwritten the last', () => {
  assert.equal(plain('\x1b[31mred\x1b[0m\n'), 'red\n');
  assert.equal(plain('10 %\r50 %\r100 %\ndone\r\n'), '100 %\ndone\n');
});

test('a terminal goes to the left at each line end', () => {
  assert.equal(forTerminal('a\nb\r\n'), 'a\r\nb\r\n');
  assert.equal(forTerminal('100 %\rok\r\n'), '100 %\r\x1b[Kok\r\n');
});

test('the tail of a long text is bounded, and begins with a whole line', () => {
  const tail = new Tail(100);
  for (let line = 0; line < 1000; line++) tail.add(`line ${line}\n`);
  assert.ok(tail.text.length <= 120);
  assert.match(tail.text, /^line \d+\n/);
  assert.ok(tail.text.endsWith('line 999\n'));
});
