// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from '#cluster/wire/json.ts';

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 1 = only with `-o wide`. */
  readonly priority?: 1;
}

/** What a CustomResourceDefinition is made from. */
export interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly description: string;
  readonly spec: JsonObject;
  readonly specRequired: boolean;
  /** undefined = the kind has no status. */
  readonly status: JsonObject | undefined;
  readonly columns: readonly Column[];
}

/** The column that every kind has. */
export const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since it was created.',
};
