import { curlSnippet } from './curl.ts'

/** How one client is set up. */
export interface Snippet {
  readonly id: string
  readonly title: string
  /** What to do with it. */
  readonly advice: string
  readonly text: string
}

function base(url: string): string {
  return url.replace(/\/prom\/[^/]+$/, '')
}

function grafana(url: string): string {
  return `apiVersion: 1
datasources:
  - name: Metrics (my access)
    uid: gw-me
    type: prometheus
    access: proxy
    url: ${base(url)}/prom/all
    isDefault: true
    editable: false
    jsonData:
      oauthPassThru: true
      httpMethod: POST
      prometheusType: Prometheus
      prometheusVersion: 2.50.1
      timeInterval: 30s
      queryTimeout: 55s
      cacheLevel: Low
      manageAlerts: false
`
}

function promtool(url: string): string {
  return `# gatehouse-http.yml
authorization:
  type: Bearer
  credentials_file: gatehouse.token

promtool query instant --http.config.file=gatehouse-http.yml \\
  ${url} 'up'
`
}

function perses(url: string, uid: string): string {
  return `kind: GlobalDatasource
metadata:
  name: gatehouse-${uid}
spec:
  default: true
  plugin:
    kind: PrometheusDatasource
    spec:
      proxy:
        kind: HTTPProxy
        spec:
          url: ${url}
          secret: gatehouse-token
`
}

/** Setups of the clients that people bring, for one data source. */
export function snippetsFor(uid: string, url: string): readonly Snippet[] {
  return [
    {
      id: 'grafana',
      title: 'Grafana',
      advice:
        'Put this into provisioning/datasources. People must sign in to Grafana by the same identity provider; each then sees their own data in the same dashboards. Alerting has no person, so it needs a data source of its own with a service-account token.',
      text: grafana(url),
    },
    {
      id: 'promtool',
      title: 'promtool',
      advice: 'Put a service-account token into gatehouse.token, readable by you alone.',
      text: promtool(url),
    },
    {
      id: 'perses',
      title: 'Perses',
      advice: 'Needs a GlobalSecret named gatehouse-token with a service-account token as Bearer.',
      text: perses(url, uid),
    },
    {
      id: 'curl',
      title: 'curl',
      advice: 'The token comes from the environment, so that it stays out of the shell’s history.',
      text: curlSnippet(url, 'up'),
    },
  ]
}
