import { createHash } from 'node:crypto'
import { type Config, gatewayUrlOf } from '@gatehouse/config'
import { Command, InvalidArgumentError } from 'commander'
import { configFileHelp, loadConfigFile } from '../config-file.ts'

interface PrintOptions {
  readonly 'config.file'?: string
  readonly print?: boolean
  readonly dataSource: string
  readonly name: string
  readonly scrapeInterval: string
  readonly tokenVariable?: string
}

function matching(pattern: RegExp, what: string) {
  return (text: string): string => {
    if (!pattern.test(text)) throw new InvalidArgumentError(what)
    return text
  }
}

const quote = (text: string): string => JSON.stringify(text)

/** A data source as Grafana shall have it. */
export interface GrafanaDataSource {
  readonly dataSource: string
  readonly name: string
  readonly scrapeInterval: string
  /** Bearer of a service account: its token, or `$VARIABLE` of Grafana's environment; without it, each person's own sign-in. */
  readonly bearer?: string
  /** Whose bearer it is: org and service account. */
  readonly account?: string
}

/** How Grafana proves who asks: by the person's own sign-in, or by a service account's token. */
function identityLines(bearer: string | undefined): readonly string[] {
  if (bearer === undefined)
    return [
      '      # Each person asks as themself; Grafana must sign people in at the same identity provider.',
      '      oauthPassThru: true',
    ]
  return [
    '      # Everybody of this Grafana org who may use the data source asks as this service account.',
    '      httpHeaderName1: Authorization',
  ]
}

const mostUid = 40

/** One for each account of each org, so that several fit into one Grafana org, whose uids have at most 40 characters. */
function uidOf({ dataSource, bearer, account = '' }: GrafanaDataSource): string {
  const personal = `gatehouse-${dataSource}`
  if (bearer === undefined && personal.length <= mostUid) return personal
  const own = createHash('sha256').update(`${account} ${dataSource}`).digest('hex').slice(0, 8)
  return `gatehouse-${dataSource.slice(0, 20)}-${own}`
}

function linesOf(url: string, source: GrafanaDataSource): readonly string[] {
  const { dataSource, name, scrapeInterval, bearer } = source
  const isPersonal = bearer === undefined
  return [
    `  - name: ${quote(name)}`,
    `    uid: ${uidOf(source)}`,
    '    type: prometheus',
    '    access: proxy',
    `    url: ${quote(`${url}/prom/${dataSource}`)}`,
    '    editable: false',
    '    jsonData:',
    ...identityLines(bearer),
    '      httpMethod: POST',
    '      prometheusType: Prometheus',
    '      # Grafana’s name for everything newer than 2.50: label queries with match[].',
    '      prometheusVersion: 2.50.1',
    '      # The slowest scrape interval; $__rate_interval follows it.',
    `      timeInterval: ${scrapeInterval}`,
    '      # Low, so that names do not outlive a revoked grant in browsers for long.',
    '      cacheLevel: Low',
    '      incrementalQuerying: true',
    `      manageAlerts: ${!isPersonal}`,
    '      allowAsRecordingRulesTarget: false',
    ...(isPersonal ? [] : ['    secureJsonData:', `      httpHeaderValue1: ${quote(`Bearer ${bearer}`)}`]),
  ]
}

/** Provisioning of Grafana data sources that ask through the gateway, YAML. */
export function grafanaProvisioning(config: Config, sources: readonly GrafanaDataSource[]): string {
  const url = (config.gateway.externalUrl ?? gatewayUrlOf(config)).replace(/\/$/, '')
  return [
    '# grafana/provisioning/datasources/gatehouse.yaml',
    'apiVersion: 1',
    'datasources:',
    ...sources.flatMap((source) => linesOf(url, source)),
    '',
  ].join('\n')
}

function print(options: PrintOptions): void {
  const { dataSource, name, scrapeInterval, tokenVariable } = options
  const bearer = tokenVariable === undefined ? {} : { bearer: `$${tokenVariable}` }
  const source = { dataSource, name, scrapeInterval, ...bearer }
  process.stdout.write(grafanaProvisioning(loadConfigFile(options['config.file']), [source]))
}

/** `gatehouse grafana`: what Grafana needs to ask through the gateway. */
export function grafanaCommand(): Command {
  const datasource = new Command('datasource')
    .description('print the provisioning file of a Grafana data source')
    .requiredOption('--print', 'write it to standard output')
    .option('--data-source <uid>', 'data source', matching(/^[A-Za-z0-9][\w-]{0,62}$/, 'a uid'), 'metrics')
    .option('--name <name>', 'its name in Grafana', 'Metrics (my access)')
    .option(
      '--scrape-interval <duration>',
      'slowest scrape interval',
      matching(/^\d+[sm]$/, 'such as 30s'),
      '30s',
    )
    .option(
      '--token-variable <name>',
      'for alerting: Grafana’s environment variable that holds a service-account token',
      matching(/^[A-Z][A-Z0-9_]*$/, 'such as GATEHOUSE_TOKEN'),
    )
    .option('--config.file <path>', configFileHelp)
    .action(print)
  return new Command('grafana').description('set up Grafana before the gateway').addCommand(datasource)
}
