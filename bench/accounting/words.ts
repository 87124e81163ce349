// SPDX-License-Identifier: Apache-2.0

/*
 * What the page says beside its tables. The capitals in the introduction are filled in.
 */

/** Before the tables: worlds and runs. */
export const INTRODUCTION = `# Whose energy: what each accounting teaches

<!-- Written by \`make bench-accounting\` from bench/results/accounting.json. Do not edit. -->

[The reward](reward.md#accounting-whose-energy-is-it) says when each accounting is right. Here the agent as
shipped runs under each of them where nodes differ in load, and what _all_ machines draw is measured.

**The worlds.** Three equal servers with a published power curve (Lenovo SR655, 64 cores,
SPECpower_ssj2008): 46 W for the first tenth of load, because a machine without work sleeps deeply, about
10 W for every tenth after it, 24 and 32 W for the last two. Batch Pods of another namespace keep some of
them busy all the time. They have no requests, so that the scheduler does not see them; Kepler does, and
attributes energy to them. The application is Bookinfo: six Pods, about six cores in all. All machines
stay on. Nothing in the agent or the policy knows of the batch Pods, the curve, or the best placement.

**The runs.** SEEDS, used for nothing else; ROLLOUTS rollouts each, the last LAST of
them judged, exploration and holdout still on. The three accountings have the same weights and meet the same
requests. Figures are means with 95 % intervals over seeds. \`make bench-accounting\` repeats it in a few
minutes.
`;

/** After them: what follows, and what does not. */
export const READING = `## What follows

- \`Attributed\` follows Kepler's price, watts per core at the node's load, and that is lowest where nobody
  works. The agent learns it well and wakes the sleeping machine: more energy than without the agent.
- \`Amortised\` shares the whole node, so that a fuller one is always cheaper. That is right between an idle
  and a busy machine, and wrong between a busy and a nearly full one, where the next tenth costs more.
- \`Marginal\` learns each node's curve from the same readings and finds the right machine in both worlds.

The order is that of the prices: the column \`added\` is what the machines really draw more by core-second of
the application. The second table of each world leaves the term of utilisation out of the reward, which
prefers idle machines by itself: what is left is the accounting's doing.

**What the curve has to cope with.** Where others keep a node busy, nobody ever sees what it draws with less.
A curve that was scaled as a whole had a step there between what was measured and what was assumed, and told
that the nearly full machine costs next to nothing more: \`Marginal\` then left a third of the load on it and
saved 2.5 % instead of 3.6 %.
What was not measured is now joined to what was, and the slope is taken where Pods could really give load
back ([power curves](reward.md#power-curves)).

**What this does not show.** Where empty machines are switched off, idle watts are saved as well, and
\`Amortised\` is right ([decision 0016](../decisions/0016-energy-is-accounted-as-attributed.md)). Nodes that
carry nothing else start alike: how far the three differ there is in the nine settings of
[what learning is worth](bench-learning.md). The batch load is constant; one that moves within a window is
not tried here.
`;
