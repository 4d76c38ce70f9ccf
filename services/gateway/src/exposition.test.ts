import { describe, expect, it } from 'vitest'
import { expositionType, negotiateExposition } from './exposition.ts'

const proto = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'
const text = 'text/plain; version=0.0.4; charset=utf-8'
const open = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

describe('the format of a federation', () => {
  it.each([
    ['of nobody', undefined, text],
    ['of a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', text],
    ['of curl', '*/*', text],
    [
      'of Prometheus 2',
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      open,
    ],
    [
      'of Prometheus 3',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
      `${open}; escaping=allow-utf-8`,
    ],
    // A scraper reads whatever the answer's content type names: what it would like best is not spoken here.
    [
      'of Prometheus with native histograms',
      `${proto};q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
      open,
    ],
    ['of one that takes protobuf or text', `${proto};q=0.7,text/plain;version=0.0.4;q=0.3`, text],
    ['of one that takes protobuf only', proto, text],
    ['of one that prefers text', 'application/openmetrics-text;q=0.2,text/plain;q=0.9', text],
    ['of one that refuses OpenMetrics', 'application/openmetrics-text;q=0,text/plain;q=0', text],
    ['of one that knows a later OpenMetrics only', 'application/openmetrics-text;version=9.0.0', text],
    ['of one whose weight is no number', 'application/openmetrics-text;q=much', text],
  ])('%s', (_who, accept, type) => {
    expect(expositionType(negotiateExposition(accept))).toBe(type)
  })
})
