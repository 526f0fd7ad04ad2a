import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from '../../src/report';

test('a report has the names of variables and not their values', () => {
  const settings = { semantics: null, rules: {}, run: { env: { TOKEN: 'secret', PIN: 1234, LIST: ['secret'] }, envFile: '.env', keep: 50 } };
  assert.deepEqual(told(settings), { run: { env: { TOKEN: '***', PIN: '***', LIST: '***' }, envFile: '.env', keep: 50 } });
});
