// SPDX-License-Identifier: Apache-2.0
import { ALERTS } from './alerts.ts';

/** A rule file of Prometheus; also the `spec` of a PrometheusRule. */
export interface RuleFile {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly Readonly<Record<string, unknown>>[];
  }[];
}

/** The alerts as Prometheus reads them. */
export function ruleFile(): RuleFile {
  return {
    groups: [
      {
        name: 'perihelion',
        rules: ALERTS.map(({ name, expr, forMinutes, severity, summary, description }) => ({
          alert: name,
          expr,
          ...(forMinutes === undefined ? {} : { for: `${forMinutes}m` }),
          labels: { severity },
          annotations: { summary, description },
        })),
      },
    ],
  };
}
