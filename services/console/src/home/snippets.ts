import { curlSnippet } from './curl.ts'

/** A file to write or a command to run. */
export interface Piece {
  /** Where it goes: the name of a file, or what the command is run in. */
  readonly name: string
  readonly text: string
}

/** How one client is set up. */
export interface Snippet {
  readonly id: string
  readonly title: string
  /** What to do with it. */
  readonly advice: string
  readonly pieces: readonly Piece[]
}

/** A data source as a client reaches it. */
interface Target {
  readonly uid: string
  readonly url: string
}

/** A service account with the token that was just made. */
export interface Holder {
  /** Uid of its org. */
  readonly org: string
  readonly uid: string
  readonly token: string
}

function base(url: string): string {
  return url.replace(/\/prom\/[^/]+$/, '')
}

const provisioning = 'provisioning/datasources/gatehouse.yaml'

const grafanaSettings = `      httpMethod: POST
      prometheusType: Prometheus
      prometheusVersion: 2.50.1
      timeInterval: 30s
      queryTimeout: 55s
      cacheLevel: Low
`

function grafanaOfPeople(url: string): string {
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
${grafanaSettings}      manageAlerts: false
`
}

/** Grafana makes the uid, of at most 40 characters, from the name, which nothing else in a Grafana org may have. */
function grafanaOfAccount({ uid, url }: Target, { org, uid: account, token }: Holder): string {
  return `apiVersion: 1
datasources:
  - name: ${JSON.stringify(`${uid} (${org}/${account})`)}
    type: prometheus
    access: proxy
    url: ${url}
    editable: false
    jsonData:
      httpHeaderName1: Authorization
${grafanaSettings}      manageAlerts: true
    secureJsonData:
      httpHeaderValue1: Bearer ${token}
`
}

function persesSource({ uid, url }: Target): string {
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

function promtoolCommand(url: string): string {
  return `promtool query instant --http.config.file=gatehouse-http.yml \\
  ${url} 'up'
`
}

const shell = 'In a shell'

/** Setups of the clients that people bring, for one data source. */
export function snippetsFor(source: Target): readonly Snippet[] {
  const { url } = source
  return [
    {
      id: 'grafana',
      title: 'Grafana',
      advice:
        'People must sign in to Grafana by the same identity provider; each then sees their own data in the same dashboards. Alerting has no person, so it needs a data source of its own: a service account’s new token comes with one.',
      pieces: [{ name: provisioning, text: grafanaOfPeople(url) }],
    },
    {
      id: 'promtool',
      title: 'promtool',
      advice: 'Put a service-account token into gatehouse.token, readable by you alone.',
      pieces: [
        {
          name: 'gatehouse-http.yml',
          text: 'authorization:\n  type: Bearer\n  credentials_file: gatehouse.token\n',
        },
        { name: shell, text: promtoolCommand(url) },
      ],
    },
    {
      id: 'perses',
      title: 'Perses',
      advice: 'Needs a GlobalSecret named gatehouse-token with a service-account token as Bearer.',
      pieces: [{ name: 'datasource.yaml', text: persesSource(source) }],
    },
    {
      id: 'curl',
      title: 'curl',
      advice: 'The token comes from the environment, so that it stays out of the shell’s history.',
      pieces: [{ name: shell, text: curlSnippet(url, 'up') }],
    },
  ]
}

/** The same clients for a service account, with its token in the files, so that it stays out of the shell's history. */
export function snippetsWith(holder: Holder, source: Target): readonly Snippet[] {
  const { url } = source
  const { token } = holder
  return [
    {
      id: 'grafana',
      title: 'Grafana',
      advice:
        'A data source of its own, for alerting and recording rules. Everybody in that Grafana org sees through it what the service account sees, so put it only where that is meant.',
      pieces: [{ name: provisioning, text: grafanaOfAccount(source, holder) }],
    },
    {
      id: 'promtool',
      title: 'promtool',
      advice: 'The file holds the token: make it readable by you alone.',
      pieces: [
        { name: 'gatehouse-http.yml', text: `authorization:\n  type: Bearer\n  credentials: ${token}\n` },
        { name: shell, text: promtoolCommand(url) },
      ],
    },
    {
      id: 'perses',
      title: 'Perses',
      advice: 'Apply both, the secret first; Perses keeps it and shows it to nobody.',
      pieces: [
        {
          name: 'secret.yaml',
          text: `kind: GlobalSecret\nmetadata:\n  name: gatehouse-token\nspec:\n  authorization:\n    type: Bearer\n    credentials: ${token}\n`,
        },
        { name: 'datasource.yaml', text: persesSource(source) },
      ],
    },
    {
      id: 'curl',
      title: 'curl',
      advice: 'The file holds the token: make it readable by you alone.',
      pieces: [
        { name: 'gatehouse.curl', text: `header = "Authorization: Bearer ${token}"\n` },
        {
          name: shell,
          text: `curl -sSG --config gatehouse.curl '${url}/api/v1/query' \\\n  --data-urlencode 'query=up'\n`,
        },
      ],
    },
  ]
}
