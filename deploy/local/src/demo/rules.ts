import type { Rule, RuleGroup } from '../prometheus/config.ts'

// Every rule selects one tenant and carries its label, so that what it records belongs to that tenant too.
function recordings(t: string): Rule[] {
  const by = 'tenant, team, env, model'
  return [
    {
      record: 'team:ml_predictions:rate5m',
      expr: `sum by (tenant, team, env) (rate(ml_predictions_total{${t}}[5m]))`,
    },
    {
      record: 'model:ml_prediction_duration_seconds:p95_5m',
      expr: `histogram_quantile(0.95, sum by (${by}, le) (rate(ml_prediction_duration_seconds_bucket{${t}}[5m])))`,
    },
    {
      record: 'slo:sli_error:ratio_rate5m',
      expr: `1 - sum by (${by}) (rate(ml_prediction_duration_seconds_bucket{${t},le=~"1(\\\\.0)?"}[5m]))
  / sum by (${by}) (rate(ml_prediction_duration_seconds_count{${t}}[5m]))`,
    },
  ]
}

/** Drift of each feature's distribution from its training data, as the population stability index of one day. */
function drift(t: string): Rule[] {
  const by = 'tenant, team, env, model, feature'
  const baseline = `max by (${by}, bin) (ml_feature_baseline_ratio{${t}})`
  return [
    {
      record: 'ml:feature_bin:share1d',
      expr: `sum by (${by}, bin) (increase(ml_feature_observations_total{${t}}[1d]))
  / on (${by}) group_left sum by (${by}) (increase(ml_feature_observations_total{${t}}[1d]))`,
    },
    {
      record: 'ml:feature_bin:p1d',
      expr: `clamp_min(ml:feature_bin:share1d{${t}} or 0 * ${baseline}, 1e-4)`,
    },
    {
      record: 'ml:feature_bin:q',
      expr: `clamp_min(${baseline} or 0 * ml:feature_bin:share1d{${t}}, 1e-4)`,
    },
    {
      record: 'ml:feature_drift:psi1d',
      expr: `sum by (${by}) ((ml:feature_bin:p1d{${t}} - ml:feature_bin:q{${t}}) * ln(ml:feature_bin:p1d{${t}} / ml:feature_bin:q{${t}}))`,
    },
  ]
}

function alerts(t: string): Rule[] {
  return [
    {
      alert: 'ModelFeatureDrift',
      expr: `ml:feature_drift:psi1d{${t},env="prod"} > 0.1`,
      for: '1m',
      labels: { severity: 'review' },
      annotations: {
        summary: 'Feature {{ $labels.feature }} of {{ $labels.model }} moved: PSI {{ $value | humanize }}',
      },
    },
    {
      alert: 'ModelPredictionsSlow',
      expr: `slo:sli_error:ratio_rate5m{${t},env="prod"} > 0.5`,
      for: '5m',
      labels: { severity: 'page' },
      annotations: {
        summary: '{{ $value | humanizePercentage }} of the predictions of {{ $labels.model }} take over 1 s',
      },
    },
    {
      alert: 'ModelMakesNoPredictions',
      expr: `sum by (tenant, team, env, model) (increase(ml_predictions_total{${t},env="prod"}[10m])) == 0`,
      for: '5m',
      labels: { severity: 'page' },
      annotations: { summary: '{{ $labels.model }} makes no predictions' },
    },
  ]
}

/** Recording and alerting rules of one tenant. */
export function tenantRules(tenant: string): RuleGroup[] {
  const selector = `tenant=${JSON.stringify(tenant)}`
  const owned = (rules: Rule[]): Rule[] =>
    rules.map((rule) => ({ ...rule, labels: { ...rule.labels, tenant } }))
  return [
    { name: `${tenant}-serving`, rules: owned(recordings(selector)) },
    { name: `${tenant}-drift`, interval: '30s', rules: owned(drift(selector)) },
    { name: `${tenant}-alerts`, rules: owned(alerts(selector)) },
  ]
}
