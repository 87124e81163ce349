// SPDX-License-Identifier: Apache-2.0

/** Statuses of requests that are no review, or nobody may send. */
export const HTTP_PROBLEM_STATUSES = [400, 403, 404, 405, 413, 415, 500] as const;

/** See {@link HTTP_PROBLEM_STATUSES}. */
export type HttpProblemStatus = (typeof HTTP_PROBLEM_STATUSES)[number];

/** A request that gets a short JSON answer in place of a review. */
export class HttpProblem extends Error {
  readonly status: HttpProblemStatus;

  constructor(status: HttpProblemStatus, message: string) {
    super(message);
    this.name = 'HttpProblem';
    this.status = status;
  }
}
