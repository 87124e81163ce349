// SPDX-License-Identifier: Apache-2.0
import { hotelReservation } from '#simulator/application/applications.ts';
import { createCluster } from '#simulator/cluster/cluster.ts';
import { SEED_MACHINES } from '#simulator/machines/machines.ts';

/* The API server that a model is published to: the simulator's, in a process of its own. */
const cluster = createCluster({
  application: hotelReservation,
  machines: SEED_MACHINES,
  seed: 1,
  namespace: 'shop',
});
await cluster.start();
process.once('disconnect', () => process.exit());
process.send?.({ url: cluster.url });
