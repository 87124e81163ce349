// SPDX-License-Identifier: Apache-2.0
import type { TrialInstallation } from './trial.ts';

/** What a trial does, so that a right comes to be used. */
export type Exercise =
  /** It starts, lists and watches. */
  | 'start'
  /** It starts where there is no Secret yet: the first replica of all. */
  | 'first-start'
  /** A CA falls below its mark: some time in every half year. */
  | 'rotation'
  /** It leads, where nothing was published yet. */
  | 'lead-anew'
  /** It leads after somebody else did. */
  | 'lead';

/** What a right is for, and how the product shows that it lacks it. */
export interface Need {
  readonly exercise: Exercise;
  /** One line for people: what is lost without it. */
  readonly loss: string;
  /** Whether that is to be seen now. */
  readonly shows: (trial: TrialInstallation) => Promise<boolean> | boolean;
}

/** Resources that are mirrored, by the name that metrics have for them. */
const MIRRORED = {
  nodes: 'nodes',
  pods: 'pods',
  namespaces: 'namespaces',
  replicasets: 'replicaSets.apps',
  jobs: 'jobs.batch',
  placementpolicies: 'policies.perihelion.dev',
  placementmodels: 'models.perihelion.dev',
} as const;
const MIRRORED_BY_ADMISSION = {
  ...MIRRORED,
  persistentvolumeclaims: 'claims',
  persistentvolumes: 'volumes',
} as const;

/**
 * Every right of the base, by its name. A right that is granted and not here is one that nothing is
 * known to need; one that is here and not granted is one that something lacks.
 */
export const NEEDS: Readonly<Record<string, Need>> = {
  ...mirrors('admission', MIRRORED_BY_ADMISSION),
  'admission: get mutatingwebhookconfigurations.admissionregistration.k8s.io': {
    exercise: 'start',
    loss: 'not ready: whether clients trust it cannot be read back',
    shows: refusedAndUnready('get', 'mutatingwebhookconfigurations'),
  },
  'admission: patch mutatingwebhookconfigurations.admissionregistration.k8s.io': {
    exercise: 'start',
    loss: 'not ready: nobody is told of its CA',
    shows: refusedAndUnready('patch', 'mutatingwebhookconfigurations'),
  },
  'admission: get secrets': {
    exercise: 'start',
    loss: 'not ready: no CA to sign with',
    shows: refusedAndUnready('get', 'secrets'),
  },
  'admission: create secrets': {
    exercise: 'first-start',
    loss: 'not ready: the first CA of all cannot be kept',
    shows: refusedAndUnready('create', 'secrets'),
  },
  'admission: update secrets': {
    exercise: 'rotation',
    loss: 'a warning: the CA that is due is not renewed',
    shows: (trial) => refused(trial, 'update', 'secrets', 'certificate round failed'),
  },
  ...mirrors('learner', MIRRORED),
  'learner: get secrets': {
    exercise: 'start',
    loss: 'not ready: decisions cannot be told from forgeries',
    shows: async (trial) =>
      refused(trial, 'get', 'secrets', 'the signing key cannot be read') &&
      (await trial.unready()) !== '',
  },
  'learner: get leases.coordination.k8s.io': election('get'),
  'learner: create leases.coordination.k8s.io': election('create'),
  'learner: update leases.coordination.k8s.io': election('update'),
  'learner: get placementmodels.perihelion.dev': {
    exercise: 'lead',
    loss: 'a warning: a new leader cannot take over what the former one wrote',
    shows: (trial) => refused(trial, 'get', 'placementmodels', 'the observation was not written'),
  },
  'learner: create placementmodels.perihelion.dev': {
    exercise: 'lead-anew',
    loss: 'a warning: the first observation is not published',
    shows: (trial) =>
      refused(trial, 'create', 'placementmodels', 'the observation was not written'),
  },
  'learner: update placementmodels.perihelion.dev': {
    exercise: 'lead',
    loss: 'a warning: observations are not renewed',
    shows: (trial) =>
      refused(trial, 'update', 'placementmodels', 'the observation was not written'),
  },
  'learner: delete placementmodels.perihelion.dev': {
    exercise: 'lead',
    loss: 'a warning: models of workloads that are gone stay for ever',
    shows: (trial) => refused(trial, 'delete', 'placementmodels', 'were not marked or deleted'),
  },
  'learner: patch placementpolicies/status.perihelion.dev': {
    exercise: 'lead',
    loss: 'a warning: conditions of policies are not written',
    shows: (trial) =>
      refused(trial, 'patch', 'placementpolicies/status', 'no policy status written'),
  },
  'learner: create events.events.k8s.io': {
    exercise: 'lead',
    loss: 'owners are not told where their Pods went',
    shows: (trial) => refused(trial, 'create', 'events', 'an Event was not written'),
  },
  'learner: list nodes.metrics.k8s.io': {
    exercise: 'lead',
    loss: 'a warning: no load of nodes without an exporter (telemetry.nodeMetrics)',
    shows: (trial) => refused(trial, 'list', 'nodes', 'node usage'),
  },
};

function mirrors(role: string, resources: Readonly<Record<string, string>>): Record<string, Need> {
  return Object.fromEntries(
    Object.entries(resources).flatMap(([resource, known]): [string, Need][] => {
      const [mirror = '', ...group] = known.split('.');
      const name = [resource, ...group].join('.');
      return [
        [`${role}: list ${name}`, unlisted(mirror)],
        [`${role}: watch ${name}`, unwatched(mirror)],
      ];
    }),
  );
}

const HAPPENINGS = 'perihelion_informer_happenings_total';

function unlisted(resource: string): Need {
  return {
    exercise: 'start',
    loss: 'not ready: the cluster is not known',
    shows: async (trial) =>
      (await trial.metric(HAPPENINGS, { resource, happening: 'failed' })) > 0 &&
      (await trial.metric(HAPPENINGS, { resource, happening: 'listed' })) === 0 &&
      (await trial.unready()).includes('the first list is not done'),
  };
}

function unwatched(resource: string): Need {
  return {
    exercise: 'start',
    loss: 'counted and warned of: changes are seen late, by listing again',
    shows: async (trial) =>
      (await trial.metric(HAPPENINGS, { resource, happening: 'listed' })) > 0 &&
      (await trial.metric(HAPPENINGS, { resource, happening: 'failed' })) > 0 &&
      (await trial.metric(HAPPENINGS, { resource, happening: 'watched' })) === 0,
  };
}

function election(verb: 'get' | 'create' | 'update'): Need {
  return {
    exercise: 'lead',
    loss: verb === 'update' ? 'nobody goes on leading' : 'nobody leads: nothing is learned',
    shows: async (trial) =>
      refused(trial, verb, 'leases', 'leader election') &&
      (await trial.metric('perihelion_learner_is_leader')) === 0,
  };
}

function refusedAndUnready(verb: string, resource: string): Need['shows'] {
  return async (trial) =>
    refused(trial, verb, resource, 'certificate round failed') && (await trial.unready()) !== '';
}

/** Whether the log says that the API server refused this, in the words that people look for. */
function refused(trial: TrialInstallation, verb: string, resource: string, words: string): boolean {
  const refusal = `cannot ${verb} resource \\"${resource}\\"`;
  return trial.refusals().some((line) => line.includes(refusal) && line.includes(words));
}
