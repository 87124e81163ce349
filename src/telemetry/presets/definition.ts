// SPDX-License-Identifier: Apache-2.0

/*
 * A preset as people write it: in a PlacementPolicy, in the settings, and in this room for those
 * that are shipped. `define.ts` makes what the readers need of it. Names only: no expression of a
 * user's own goes into a query.
 */

/** A label of the exporter; of several the first that is not empty counts. */
export type LabelNames = readonly string[];

/** Which series of a metric are meant. */
export interface SeriesDefinition {
  readonly metric: string;
  /** Label -> values, of which the series must have one. */
  readonly where?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Label -> values, of which the series must have none. */
  readonly except?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Labels that must not be empty. */
  readonly present?: readonly string[] | undefined;
}

/** Series whose presence tells that an exporter is there. */
export type SignDefinition = Pick<SeriesDefinition, 'metric' | 'where' | 'present'>;

/** Where the direct scrape finds an exporter. */
export interface ExporterDefinition {
  /** Value of the Pods' label `app.kubernetes.io/name`. */
  readonly appName: string;
  readonly port: number;
  readonly path: string;
}

/** What every preset says of itself. */
interface Named {
  readonly name: string;
  /** One sentence. */
  readonly description?: string | undefined;
  /** What it cannot tell, beside what its definition leaves out. */
  readonly limits?: readonly string[] | undefined;
  /** For `Auto`; default: the metric that is read first. */
  readonly detect?: readonly SignDefinition[] | undefined;
  readonly exporter?: ExporterDefinition | undefined;
}

/** Units of power, for gauges, and what one is in watts. */
export const POWER_UNITS = { Watts: 1, Kilowatts: 1000, Milliwatts: 1e-3, Microwatts: 1e-6 };
/** Units of energy, for counters, and what one is in joules. */
export const ENERGY_UNITS = {
  Joules: 1,
  Kilojoules: 1000,
  Millijoules: 1e-3,
  Microjoules: 1e-6,
  WattHours: 3600,
  KilowattHours: 3.6e6,
};
/** Units of durations, and what one is in milliseconds. */
export const DURATION_UNITS = { Milliseconds: 1, Seconds: 1000, Microseconds: 1e-3 };

/** A name of {@link POWER_UNITS} or {@link ENERGY_UNITS}. */
export type MeterUnit = keyof typeof POWER_UNITS | keyof typeof ENERGY_UNITS;
/** A name of {@link DURATION_UNITS}. */
export type DurationUnit = keyof typeof DURATION_UNITS;

/** A metric of power (gauge) or of energy so far (counter). */
export interface MeteredDefinition extends SeriesDefinition {
  readonly kind: 'Gauge' | 'Counter';
  readonly unit: MeterUnit;
}

/** A meter of power. */
export interface MeterDefinition extends Named {
  /**
   * Where the RAPL zone stands: in a label, in the metric's name (`{zone}`), or nowhere, because
   * the meter has one number per node.
   */
  readonly zones: 'Label' | 'MetricName' | 'None';
  readonly node: MeteredDefinition & {
    readonly labels: {
      readonly node?: LabelNames | undefined;
      readonly zone?: LabelNames | undefined;
      /** Tells the parts of a node apart (sockets), which are added up. */
      readonly part?: LabelNames | undefined;
      /** Tells modes of the same energy apart (dynamic, idle), which are added up. */
      readonly mode?: LabelNames | undefined;
      /** Says where a number comes from; one that speaks of a model makes it `modelled`. */
      readonly source?: LabelNames | undefined;
      /** The Pod of the meter, where the series do not name the node. */
      readonly namespace?: LabelNames | undefined;
      readonly pod?: LabelNames | undefined;
      readonly instance?: LabelNames | undefined;
    };
  };
  readonly pods: MeteredDefinition & {
    /** `uid` and `node`, or `namespace` and `name`: what Pods are joined on. */
    readonly labels: {
      readonly uid?: LabelNames | undefined;
      readonly node?: LabelNames | undefined;
      readonly namespace?: LabelNames | undefined;
      readonly name?: LabelNames | undefined;
      readonly zone?: LabelNames | undefined;
      /** Tells counters of one Pod apart (containers), which are added up. */
      readonly container?: LabelNames | undefined;
    };
  };
}

/** Labels of the endpoint that was scraped; the default of each is its own name. */
export interface EndpointLabels {
  readonly namespace?: LabelNames | undefined;
  readonly pod?: LabelNames | undefined;
  readonly job?: LabelNames | undefined;
  readonly instance?: LabelNames | undefined;
}

/** Labels of who calls whom. */
export interface CallLabels {
  readonly sourceWorkload: LabelNames;
  readonly sourceNamespace: LabelNames;
  readonly destinationWorkload: LabelNames;
  readonly destinationNamespace: LabelNames;
}

/** A mesh, a proxy or an instrumented server. */
export interface MeshDefinition extends Named {
  /** `Pod`: the endpoint is the Pod that served. `Workload`: a proxy in front of many. */
  readonly scope: 'Pod' | 'Workload';
  readonly endpoint?: EndpointLabels | undefined;
  /** With scope `Workload`, who served. */
  readonly served?: { readonly workload: LabelNames; readonly namespace: LabelNames } | undefined;
  /** A counter of requests that ended. */
  readonly requests: SeriesDefinition & {
    readonly labels: {
      /** HTTP status or its class (`5`, `5xx`). */
      readonly responseCode?: LabelNames | undefined;
      readonly grpcStatus?: LabelNames | undefined;
      /** The exporter's own judgement; believed before the codes. */
      readonly outcome?: LabelNames | undefined;
    };
    /** Values of `outcome` that are no failures. */
    readonly successes?: readonly string[] | undefined;
  };
  /** A histogram; `metric` is its name without `_bucket`. */
  readonly durations: SeriesDefinition & { readonly unit: DurationUnit };
  /** A counter of requests by who calls whom. */
  readonly calls?:
    | (SeriesDefinition & {
        readonly labels: CallLabels;
        readonly reportedBy: 'Source' | 'Destination';
      })
    | undefined;
  /** A counter of connections by who calls whom, of what speaks no HTTP. */
  readonly connections?:
    | (SeriesDefinition & {
        readonly labels: CallLabels & { readonly app?: LabelNames | undefined };
      })
    | undefined;
}
