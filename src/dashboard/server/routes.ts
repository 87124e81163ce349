// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type {
  ClusterNow,
  Experiment,
  Overview,
  Savings,
  ValueTable,
  ValueTables,
  Workloads,
} from '#dashboard/api/api.ts';
import type { DecisionPage, Story } from '#dashboard/api/api-decisions.ts';
import type { FeedQuery } from '#dashboard/decisions/decision-feed.ts';
import type { TableQuery } from './request.ts';

/** What stands behind each path of the API. Undefined = there is no such thing. */
export interface Routes {
  overview(user: string | undefined): Overview;
  cluster(): Promise<ClusterNow>;
  workloads(): Promise<Workloads>;
  savings(): Savings;
  tables(): ValueTables;
  table(query: TableQuery): ValueTable | undefined;
  decisions(query: FeedQuery): DecisionPage;
  story(id: string): Story | undefined;
  experiment(): Experiment | undefined;
  /** Makes a stream of events of the response; false = too many are open. */
  stream(response: ServerResponse): boolean;
}
