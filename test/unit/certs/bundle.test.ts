// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BundlePublisher } from '#certs/bundle.ts';
import { issueAuthority } from '#certs/issue.ts';
import { MemoryConfiguration } from './stores.ts';

const NOW = Date.UTC(2026, 0, 2);
const ours = (await issueAuthority(NOW)).certificatePem;
const theirs = (await issueAuthority(NOW)).certificatePem;

test('a missing bundle is written once and only said to be there after it was read', async () => {
  const store = new MemoryConfiguration({ a: '', foreign: theirs });
  const publisher = new BundlePublisher(store, ['a']);
  assert.equal(publisher.status.published, false);
  assert.equal((await publisher.publish(ours)).published, true);
  assert.equal((await publisher.publish(ours)).published, true);
  assert.equal(store.writes, 1);
  assert.equal(store.webhooks?.get('foreign'), theirs);
});

test('a bundle that was blanked, spoilt or replaced is healed', async () => {
  const store = new MemoryConfiguration({ a: '' });
  const publisher = new BundlePublisher(store, ['a']);
  await publisher.publish(ours);
  for (const bad of ['', 'garbage', ours.replace('MII', '!!!'), theirs, `${ours}${theirs}`]) {
    store.webhooks?.set('a', bad);
    assert.equal((await publisher.publish(ours)).published, true);
    assert.equal(store.webhooks?.get('a'), ours);
  }
});

test('of two webhooks both keep their bundle when one is healed', async () => {
  const store = new MemoryConfiguration({ a: '', b: '' });
  const publisher = new BundlePublisher(store, ['a', 'b']);
  await publisher.publish(ours);
  store.webhooks?.set('a', '');
  assert.equal((await publisher.publish(ours)).published, true);
  assert.deepEqual([...(store.webhooks?.values() ?? [])], [ours, ours]);
});

test('a bundle of two CAs is published whole', async () => {
  const store = new MemoryConfiguration({ a: ours });
  const publisher = new BundlePublisher(store, ['a']);
  assert.equal((await publisher.publish(ours + theirs)).published, true);
  assert.equal(store.webhooks?.get('a'), ours + theirs);
});

test('without the configuration or the webhook nothing is written and nothing is ready', async () => {
  for (const webhooks of [undefined, {}, { other: '' }]) {
    const store = new MemoryConfiguration(webhooks);
    const status = await new BundlePublisher(store, ['a']).publish(ours);
    assert.deepEqual(status, { published: false, reason: 'webhook a is not configured' });
    assert.equal(store.writes, 0);
  }
});

test('a write that someone undoes at once is not said to be there', async () => {
  class Stubborn extends MemoryConfiguration {
    override applyBundle(): Promise<void> {
      return Promise.resolve();
    }
  }
  const status = await new BundlePublisher(new Stubborn({ a: '' }), ['a']).publish(ours);
  assert.equal(status.published, false);
  assert.match(status.reason, /does not hold our CA/);
});

test('a failing API rejects and leaves the last known status', async () => {
  const store = new MemoryConfiguration({ a: '' });
  const publisher = new BundlePublisher(store, ['a']);
  await publisher.publish(ours);
  store.failure = new Error('no API');
  await assert.rejects(publisher.publish(ours), /no API/);
  assert.equal(publisher.status.published, true);
});
