// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Store, type Change, type Entry } from '#cluster/watch/store.ts';

const entry = (value: string, resourceVersion: string, uid = 'u'): Entry<{ value: string }> => ({
  uid,
  resourceVersion,
  value: { value },
});

function recorded(): { store: Store<{ value: string }>; told: string[]; errors: unknown[] } {
  const told: string[] = [];
  const errors: unknown[] = [];
  const store = new Store<{ value: string }>((error) => errors.push(error));
  store.subscribe((change) =>
    told.push(`${change.before?.value ?? '-'}>${change.after?.value ?? '-'}`),
  );
  return { store, told, errors };
}

describe('a store', () => {
  it('tells of what was added, changed and deleted', () => {
    const { store, told } = recorded();
    store.upsert('k', entry('a', '1'));
    store.upsert('k', entry('b', '2'));
    store.remove('k');
    store.remove('k');
    assert.deepEqual(told, ['->a', 'a>b', 'b>-']);
    assert.equal(store.size, 0);
  });

  it('says nothing where nothing in use has changed', () => {
    const { store, told } = recorded();
    store.upsert('k', entry('a', '1'));
    store.upsert('k', entry('a', '2'));
    assert.deepEqual(told, ['->a']);
    assert.equal(store.entry('k')?.resourceVersion, '2');
  });

  it('takes an object of the same name and another uid for another object', () => {
    const { store, told } = recorded();
    store.upsert('k', entry('a', '1', 'u1'));
    store.upsert('k', entry('a', '2', 'u2'));
    assert.deepEqual(told, ['->a', 'a>-', '->a']);
  });

  it('counts a listener that throws and tells the others', () => {
    const { store, told, errors } = recorded();
    const failing = new Store<{ value: string }>((error) => errors.push(error));
    failing.subscribe(() => {
      throw new Error('broken');
    });
    failing.subscribe((change) => told.push(String(change.after?.value)));
    failing.upsert('k', entry('a', '1'));
    assert.deepEqual(told, ['a']);
    assert.equal(errors.length, 1);
    assert.equal(store.size, 0);
  });

  it('tells nobody who has left', () => {
    const { store } = recorded();
    let count = 0;
    const leave = store.subscribe(() => (count += 1));
    store.upsert('k', entry('a', '1'));
    leave();
    store.upsert('k', entry('b', '2'));
    assert.equal(count, 1);
  });

  it('after a list holds exactly the list, and its changes lead there', () => {
    const lists = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.record({ value: fc.constantFrom('x', 'y'), uid: fc.constantFrom('1', '2') }),
    );
    fc.assert(
      fc.property(fc.array(lists), (sequence) => {
        const store = new Store<{ value: string; key: string }>((error) => {
          throw error;
        });
        const mirror = new Map<string, { value: string; key: string }>();
        store.subscribe((change: Change<{ value: string; key: string }>) => {
          if (change.before !== undefined) assert.ok(mirror.delete(change.before.key));
          if (change.after !== undefined) mirror.set(change.after.key, change.after);
        });
        sequence.forEach((list, index) => {
          const entries = Object.entries(list).map(
            ([key, { value, uid }]): [string, Entry<{ value: string; key: string }>] => [
              key,
              { uid, resourceVersion: String(index), value: { value, key } },
            ],
          );
          store.replace(new Map(entries));
          assert.deepEqual([...mirror.keys()].sort(), Object.keys(list).sort());
          for (const [key, { value }] of entries) assert.equal(store.get(key)?.value, value.value);
        });
      }),
    );
  });
});
