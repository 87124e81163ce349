// SPDX-License-Identifier: Apache-2.0
import type { HostileCase } from './attack.ts';
import { FRAMING_ROWS } from './framing-cases.ts';
import { HEAD_ROWS } from './head-cases.ts';
import { casesOf } from './raw-requests.ts';

/** What is wrong before a body is looked at. */
export const TRANSPORT_CASES: readonly HostileCase[] = [HEAD_ROWS, FRAMING_ROWS].flatMap(casesOf);
