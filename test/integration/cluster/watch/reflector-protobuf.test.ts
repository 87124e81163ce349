// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import { projectNode } from '#cluster/objects/project.ts';
import { asObject, asObjects, asText, type JsonObject } from '#cluster/wire/json.ts';
import { NODE, POD } from '#cluster/wire/protobuf-messages.ts';
import { recordedEvents, recordedList, recordedRefusals } from '../../../unit/cluster/recorded.ts';
import { until } from '../../../support/until.ts';
import { scripted } from '../scripted-server.ts';
import { open, rigs, type Thing } from './reflector-rig.ts';

const rig = rigs();

describe('a reflector where the server has protobuf', { timeout: 120_000 }, () => {
  const PROTOBUF = 'application/vnd.kubernetes.protobuf';
  const [created = assert.fail(), bound = assert.fail()] = recordedEvents('meshed-pod-life');
  const gone = recordedEvents('meshed-pod-life').at(-1) ?? assert.fail();
  const { protobuf: listed, json: listedJson } = recordedList('nodelist');
  const { status, protobuf: refusal } = recordedRefusals()[0] ?? assert.fail();
  const pod = (raw: JsonObject): Thing => {
    const { name, nodeName } = projectPod(raw);
    return { name, color: nodeName ?? 'unbound' };
  };
  const frames = (response: ServerResponse, ...sent: Buffer[]): void => {
    response.writeHead(200, { 'content-type': `${PROTOBUF};stream=watch` });
    response.flushHeaders();
    for (const frame of sent) response.write(frame);
  };
  const node = (raw: JsonObject): Thing => {
    const { name, taints } = projectNode(raw);
    return { name, color: taints.map(({ key }) => key).join() };
  };

  it('asks for it first and takes in lists and events as from JSON', async () => {
    const changed = recordedEvents('nodes').filter(({ json }) => json.type === 'MODIFIED');
    const made = await rig(
      {
        list: (response) => {
          response.writeHead(200, { 'content-type': PROTOBUF }).end(listed);
        },
        watch: (response) => frames(response, ...changed.map(({ protobuf }) => protobuf)),
      },
      { protobuf: NODE, project: node },
    );
    await until(() => made.count('event') === changed.length);
    const wanted = new Map<string, string>();
    const known = [...asObjects(listedJson['items']), ...changed.map(({ json }) => json.object)];
    for (const { name, color } of known.map(node)) wanted.set(name, `${name}=${color}`);
    assert.ok(wanted.size > 0);
    assert.deepEqual(made.names(), [...wanted.values()].sort());
    const newest = changed.at(-1)?.json.object['metadata'];
    assert.equal(made.reflector.resourceVersion, asObject(newest)['resourceVersion']);
    for (const { accept } of made.server.asked) {
      assert.equal(accept, `${PROTOBUF},application/json`);
    }
  });

  it('forgets what is gone', async () => {
    const made = await rig(
      { watch: (response) => frames(response, created.protobuf, gone.protobuf) },
      { protobuf: POD, project: (raw) => (raw['status'] === undefined ? undefined : pod(raw)) },
    );
    await until(() => made.count('event') === 2);
    assert.deepEqual(made.names(), []);
  });

  it('takes JSON where the server has nothing else', async () => {
    const made = await rig(
      {
        watch: (response) => {
          open(response, `${JSON.stringify(created.json)}\n${JSON.stringify(bound.json)}\n`);
        },
      },
      { protobuf: POD, project: (raw) => (raw['status'] === undefined ? undefined : pod(raw)) },
    );
    await until(() => made.count('event') === 2);
    assert.deepEqual(made.names(), [
      `${asText(asObject(bound.json.object['metadata'])['name'])}=${asText(asObject(bound.json.object['spec'])['nodeName'])}`,
    ]);
  });

  it('opens the watch again at a frame that is none, with nothing lost', async () => {
    const made = await rig(
      {
        watch: (response, n) =>
          frames(
            response,
            ...(n === 1 ? [created.protobuf, Buffer.from('no frame')] : [bound.protobuf]),
          ),
      },
      { protobuf: POD, project: (raw) => (raw['status'] === undefined ? undefined : pod(raw)) },
    );
    await until(() => made.count('event') === 2);
    assert.equal(made.count('garbage'), 1);
    assert.equal(made.count('listed'), 1);
    assert.equal(made.names().length, 1);
  });

  it('understands a refusal', async () => {
    const errors: unknown[] = [];
    const server = await scripted(({ response }) => {
      response.writeHead(status, { 'content-type': PROTOBUF }).end(refusal);
    });
    try {
      await server.client.get('/api/v1/pods', { protobuf: POD }).catch((error: unknown) => {
        errors.push(error);
      });
      const [error] = errors;
      assert.ok(KubernetesError.is(error, 400));
      assert.equal(error.reason, 'BadRequest');
      assert.match(error.message, /invalid continue token/);
    } finally {
      await server.close();
    }
  });
});
