/** A `prometheus.yml` as an object; written as JSON, which is YAML. */
export interface PrometheusConfig {
  readonly global?: Readonly<Record<string, unknown>>
  readonly scrape_configs?: readonly ScrapeConfig[]
  readonly [section: string]: unknown
}

/** The part of Prometheus's `scrape_config` that is used here. */
export interface ScrapeConfig {
  readonly job_name: string
  readonly static_configs?: readonly StaticConfig[]
  readonly [setting: string]: unknown
}

export interface StaticConfig {
  readonly targets: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
}

/** A rule group as in Prometheus's rule files. */
export interface RuleGroup {
  readonly name: string
  readonly interval?: string
  readonly rules: readonly Rule[]
}

export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}
