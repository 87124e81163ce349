// SPDX-License-Identifier: Apache-2.0
import { field, messageOf, nested, type Message } from './protobuf.ts';

/*
 * The fields in use of the API's built-in types, by their numbers in k8s.io/api and
 * k8s.io/apimachinery v0.35 (`generated.proto`). Numbers never change their meaning: the API
 * server reads with them what it stored years ago.
 */

const OWNER_REFERENCE = messageOf({
  1: field('kind', 'text'),
  3: field('name', 'text'),
  4: field('uid', 'text'),
  5: field('apiVersion', 'text'),
  6: field('controller', 'boolean'),
});

const METADATA = messageOf({
  1: field('name', 'text'),
  2: field('generateName', 'text'),
  3: field('namespace', 'text'),
  5: field('uid', 'text'),
  6: field('resourceVersion', 'text'),
  8: field('creationTimestamp', 'time'),
  9: field('deletionTimestamp', 'time'),
  10: field('deletionGracePeriodSeconds', 'integer'),
  11: field('labels', 'textMap'),
  12: field('annotations', 'textMap'),
  13: nested('ownerReferences', OWNER_REFERENCE, 'messages'),
});

const RESOURCES = messageOf({
  1: field('limits', 'quantityMap'),
  2: field('requests', 'quantityMap'),
});

const CONTAINER = messageOf({
  1: field('name', 'text'),
  8: nested('resources', RESOURCES),
  24: field('restartPolicy', 'text'),
});

const CONTAINER_STATUS = messageOf({
  1: field('name', 'text'),
  10: field('allocatedResources', 'quantityMap'),
  11: nested('resources', RESOURCES),
});

const SELECTOR_REQUIREMENT = messageOf({
  1: field('key', 'text'),
  2: field('operator', 'text'),
  3: field('values', 'texts'),
});

const LABEL_SELECTOR = messageOf({
  1: field('matchLabels', 'textMap'),
  2: nested('matchExpressions', SELECTOR_REQUIREMENT, 'messages'),
});

const POD_AFFINITY_TERM = messageOf({
  1: nested('labelSelector', LABEL_SELECTOR),
  2: field('namespaces', 'texts'),
  3: field('topologyKey', 'text'),
  4: nested('namespaceSelector', LABEL_SELECTOR),
});

const POD_ANTI_AFFINITY = messageOf({
  1: nested('requiredDuringSchedulingIgnoredDuringExecution', POD_AFFINITY_TERM, 'messages'),
});

const AFFINITY = messageOf({ 3: nested('podAntiAffinity', POD_ANTI_AFFINITY) });

const POD_SPEC = messageOf({
  2: nested('containers', CONTAINER, 'messages'),
  10: field('nodeName', 'text'),
  18: nested('affinity', AFFINITY),
  20: nested('initContainers', CONTAINER, 'messages'),
  32: field('overhead', 'quantityMap'),
  40: nested('resources', RESOURCES),
});

const CONDITION = messageOf({
  1: field('type', 'text'),
  2: field('status', 'text'),
  4: field('lastTransitionTime', 'time'),
});

const POD_STATUS = messageOf({
  1: field('phase', 'text'),
  2: nested('conditions', CONDITION, 'messages'),
  6: field('podIP', 'text'),
  8: nested('containerStatuses', CONTAINER_STATUS, 'messages'),
  10: nested('initContainerStatuses', CONTAINER_STATUS, 'messages'),
});

/** `core/v1` Pod: what {@link projectPod} reads. */
export const POD: Message = messageOf({
  1: nested('metadata', METADATA),
  2: nested('spec', POD_SPEC),
  3: nested('status', POD_STATUS),
});

const TAINT = messageOf({
  1: field('key', 'text'),
  2: field('value', 'text'),
  3: field('effect', 'text'),
});

const NODE_SPEC = messageOf({
  4: field('unschedulable', 'boolean'),
  5: nested('taints', TAINT, 'messages'),
});

const NODE_STATUS = messageOf({
  2: field('allocatable', 'quantityMap'),
  4: nested('conditions', CONDITION, 'messages'),
});

/** `core/v1` Node: what {@link projectNode} reads. */
export const NODE: Message = messageOf({
  1: nested('metadata', METADATA),
  2: nested('spec', NODE_SPEC),
  3: nested('status', NODE_STATUS),
});

/** `meta/v1` PartialObjectMetadata, and of any other object its metadata. */
export const PARTIAL_OBJECT_METADATA: Message = messageOf({ 1: nested('metadata', METADATA) });

/** Of any object what says which one it is, and how old: enough where it is gone. */
export const IDENTITY: Message = messageOf({
  1: nested(
    'metadata',
    messageOf({
      1: field('name', 'text'),
      3: field('namespace', 'text'),
      5: field('uid', 'text'),
      6: field('resourceVersion', 'text'),
    }),
  ),
});

/** `meta/v1` Status: a refusal, or the end of a watch. */
export const STATUS: Message = messageOf({
  2: field('status', 'text'),
  3: field('message', 'text'),
  4: field('reason', 'text'),
  6: field('code', 'integer'),
});

const LIST_METADATA = messageOf({
  2: field('resourceVersion', 'text'),
  3: field('continue', 'text'),
});

/** The list of a kind: every list has its metadata as field 1 and its items as field 2. */
export function listOf(item: Message): Message {
  return messageOf({
    1: nested('metadata', LIST_METADATA),
    2: nested('items', item, 'messages'),
  });
}
