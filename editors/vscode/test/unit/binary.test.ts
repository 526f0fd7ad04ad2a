import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { compatible } from '../../src/binary';
import { Restarts } from '../../src/restarts';

test('before 1.0 a minor version is another one', () => {
  assert.ok(compatible('0.1.3', '0.1.0'));
  assert.ok(!compatible('0.2.0', '0.1.0'));
  assert.ok(compatible('1.4.0', '1.0.0'));
  assert.ok(!compatible('2.0.0', '1.0.0'));
});

test('a server that crashes is started again with longer and longer waits, and then no more', () => {
  const restarts = new Restarts();
  assert.deepEqual([1, 2, 3, 4, 5].map((time) => restarts.crashed(time)), [500, 1000, 2000, 4000, undefined]);
  restarts.reset();
  assert.equal(restarts.crashed(6), 500);
});

test('crashes of long ago do not count', () => {
  const restarts = new Restarts();
  const waits = [0, 1, 2, 3, 4, 5].map((number) => restarts.crashed(number * 60_000));
  assert.ok(waits.every((wait) => wait !== undefined), String(waits));
});
