// SPDX-License-Identifier: Apache-2.0
import { type Panel, type Query, ROWS } from './panels.ts';

/** Fixed, so that links to the dashboard and updates of it go to the same one. */
export const DASHBOARD_UID = 'perihelion';

const COLUMNS = 24;
const HEIGHT = { stat: 4, timeseries: 8 } as const;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

interface Position {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The dashboard in Grafana's classic JSON model, which every version imports. */
export function dashboard(): object {
  return {
    uid: DASHBOARD_UID,
    id: null,
    title: 'Perihelion',
    description: 'Learned placement of Pods: admissions, decisions, learning, and what they cost.',
    tags: ['perihelion', 'kubernetes', 'energy'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: { list: [datasourceVariable(), namespaceVariable()] },
    annotations: { list: [] },
    links: [],
    panels: layOut(),
  };
}

function datasourceVariable(): object {
  return {
    name: 'datasource',
    label: 'Prometheus',
    type: 'datasource',
    query: 'prometheus',
    current: {},
    hide: 0,
    includeAll: false,
    multi: false,
    refresh: 1,
  };
}

function namespaceVariable(): object {
  const query = 'label_values(perihelion_admission_requests_total, namespace)';
  return {
    name: 'namespace',
    label: 'Namespace of Perihelion',
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: 'namespace' },
    current: { text: 'All', value: '$__all' },
    allValue: '.*',
    hide: 0,
    includeAll: true,
    multi: true,
    refresh: 2,
    sort: 1,
  };
}

/** Rows of panels from left to right, each as high as its kind. */
function layOut(): object[] {
  const placed: object[] = [];
  let y = 0;
  for (const { title, panels } of ROWS) {
    const id = placed.length + 1;
    placed.push({
      id,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    let x = 0;
    let h = 0;
    for (const panel of panels) {
      if (x + panel.width > COLUMNS) {
        y += h;
        x = 0;
        h = 0;
      }
      h = Math.max(h, HEIGHT[panel.kind]);
      const gridPos = { x, y, w: panel.width, h: HEIGHT[panel.kind] };
      placed.push(panelOf(panel, placed.length + 1, gridPos));
      x += panel.width;
    }
    y += h;
  }
  return placed;
}

function panelOf(panel: Panel, id: number, gridPos: Position): object {
  const { kind, title, description, unit, queries } = panel;
  return {
    id,
    type: kind,
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    targets: queries.map(targetOf),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(kind === 'stat'
          ? { noValue: 'unknown' }
          : { custom: { lineWidth: 1, fillOpacity: 8, showPoints: 'never', spanNulls: false } }),
      },
      overrides: [],
    },
    options:
      kind === 'stat'
        ? {
            reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
            graphMode: 'area',
            colorMode: 'value',
            textMode: 'auto',
          }
        : {
            legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
            tooltip: { mode: 'multi', sort: 'desc' },
          },
  };
}

function targetOf({ expr, legend }: Query, index: number): object {
  return {
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
    range: true,
    instant: false,
  };
}
