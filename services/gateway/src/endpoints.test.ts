import { describe, expect, it } from 'vitest'
import { endpoints, findRoute } from './endpoints.ts'

describe('findRoute', () => {
  it.each([
    ['/prom/main/api/v1/query', 'query', undefined],
    ['/prom/main/api/v1/query_range', 'query_range', undefined],
    ['/prom/main/api/v1/series', 'series', undefined],
    ['/prom/main/api/v1/labels', 'labels', undefined],
    ['/prom/main/api/v1/label/job/values', 'label_values', 'job'],
    ['/prom/main/api/v1/label/a%2Fb/values', 'label_values', 'a%2Fb'],
    ['/prom/main/api/v1/status/buildinfo', 'buildinfo', undefined],
    ['/prom/main/api/v1/status/tsdb', 'status', 'tsdb'],
    ['/prom/main/api/v1/status/tsdb/blocks', 'status_blocks', undefined],
    ['/prom/main/api/v1/query_exemplars', 'query_exemplars', undefined],
    ['/prom/main/api/v1/rules', 'rules', undefined],
    ['/prom/main/api/v1/alerts', 'alerts', undefined],
    ['/prom/main/api/v1/targets', 'targets', undefined],
    ['/prom/main/api/v1/metadata', 'metadata', undefined],
    ['/prom/main/federate', 'federate', undefined],
  ])('%s', (path, name, segment) => {
    expect(findRoute(path)).toMatchObject({ endpoint: { name }, dataSourceUid: 'main', segment })
  })

  it.each(
    // biome-ignore format: a table
    ['', '/', '*', '/api/v1/query', '/prom/api/v1/query', '/prom//api/v1/query', '/prom/main/api/v1/%71uery',
     '/prom/main/api/v1//query', '//prom/main/api/v1/query', '/prom/main/api/v1/./query',
     '/prom/main/api/v1/x/../query', '/prom/main/api/v1/query/', '/prom/main/API/V1/query',
     '/prom/main/api/v1/query;x', '/prom/main/api/v1/query%00', '/prom/main/api%2fv1%2fquery',
     '\\prom\\main\\api\\v1\\query', '/prom/main/api/v1/query%3Fx', '/prom/main/api/v1/query\n',
     'http://evil/prom/main/api/v1/query', '//evil/prom/main/api/v1/query', '/prom/..%2fmain/api/v1/query',
     '/prom/-x/api/v1/query', '/prom/a.b/api/v1/query', '/prom/ma%69n/api/v1/query', '/prom/main/api/v1/label//values',
     '/prom/main/api/v1/label/values', '/prom/main/api/v1/label/a/../b/values', '/prom/main/api/v1/label/{name}/values/',
     '/prom/main/api/v1/admin/tsdb/delete_series', '/prom/main/api/v1/federate', '/prom/main/metrics', '/prom/main/rules',
     '/prom/main/api/v1/rules/', '/prom/main/federate/', '/prom/main/api/v1/alertmanagers', '/prom/main/api/v1/scrape_pools',
     '/prom/main/api/v1/targets/metadata', '/prom/main/api/v1/targets/relabel_steps', '/prom/main/api/v1/notifications',
     '/prom/main/api/v1/search/metric_names', '/prom/main/api/v1/openapi.yaml', '/prom/main/api/v1/otlp/v1/metrics',
     '/prom/main/api/v1/status/tsdb/blocks/x', '/prom/main/api/v1/status/', '/prom/main/graph', '/prom/main/consoles/x', '/prom/main/', '/prom/main',
     '/prom/main/api/v1/read', '/prom/main/api/v1/write', '/prom/main/-/reload'],
  )('nothing at %j', (path) => expect(findRoute(path)).toBeUndefined())
})

describe('the table', () => {
  it('puts every repeated parameter where the selectors are', () => {
    for (const { selectors, parameters } of endpoints) {
      const kinds = Object.entries(parameters)
      const named = kinds
        .filter(([, kind]) => kind === 'expression' || kind === 'selectors')
        .map(([name]) => name)
      expect(named).toEqual(selectors === 'none' ? [] : [selectors])
    }
  })
})
