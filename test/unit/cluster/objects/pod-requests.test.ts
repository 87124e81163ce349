// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveRequests } from '#cluster/objects/pod-requests.ts';

const box = (cpu: string, memory: string, more: object = {}) => ({
  name: 'main',
  resources: { requests: { cpu, memory } },
  ...more,
});
const sidecar = (cpu: string, memory: string) => box(cpu, memory, { restartPolicy: 'Always' });

describe('effective requests, as the scheduler counts them', () => {
  const cases: [name: string, pod: object, cpuMillicores: number, memoryBytes: number][] = [
    ['nothing', {}, 0, 0],
    [
      'containers together',
      { spec: { containers: [box('100m', '1Mi'), box('1', '1Mi')] } },
      1100,
      2 ** 21,
    ],
    [
      'the greatest initialisation, each resource on its own',
      {
        spec: {
          initContainers: [box('2', '1'), box('1', '3')],
          containers: [box('500m', '2'), box('500m', '2')],
        },
      },
      2000,
      4,
    ],
    [
      'sidecars beside the containers',
      { spec: { initContainers: [sidecar('200m', '10')], containers: [box('1', '5')] } },
      1200,
      15,
    ],
    [
      'an initialisation beside the sidecars started before it only',
      {
        spec: {
          initContainers: [sidecar('1', '0'), box('3', '0'), sidecar('500m', '0')],
          containers: [box('1', '0')],
        },
      },
      4000,
      0,
    ],
    [
      'overhead on top',
      { spec: { containers: [box('1', '5')], overhead: { cpu: '250m', memory: '7' } } },
      1250,
      12,
    ],
    [
      'requests of the whole Pod in place of the sum',
      { spec: { containers: [box('1', '5')], resources: { requests: { cpu: '3' } } } },
      3000,
      5,
    ],
    [
      'limits where no request is set',
      {
        spec: {
          containers: [
            { resources: { limits: { cpu: '2', memory: '9' }, requests: { cpu: '1' } } },
          ],
        },
      },
      1000,
      9,
    ],
    [
      'what is allotted while a resize is under way',
      {
        spec: { containers: [box('1', '5')] },
        status: {
          containerStatuses: [
            {
              name: 'main',
              resources: { requests: { cpu: '2' } },
              allocatedResources: { memory: '6' },
            },
          ],
        },
      },
      2000,
      6,
    ],
    ['plain numbers', { spec: { containers: [{ resources: { requests: { cpu: 2 } } }] } }, 2000, 0],
  ];
  for (const [name, pod, cpuMillicores, memoryBytes] of cases) {
    it(`counts ${name}`, () =>
      assert.deepEqual(effectiveRequests({ ...pod }), { cpuMillicores, memoryBytes }));
  }

  it('refuses what is no quantity', () => {
    const pod = { spec: { containers: [box('lots', '1')] } };
    assert.throws(() => effectiveRequests(pod), { code: 'PERI_KUBERNETES_OBJECT' });
  });
});
