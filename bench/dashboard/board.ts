// A board of twelve panels as Grafana asks for it, without constraints: `S` stands for what the gateway adds.

/** Queries of the panels; `S` is replaced by the tenant's matcher where nobody adds it. */
const panels = [
  'sum by (team) (rate(ml_predictions_total{S}[5m]))',
  'sum by (model) (rate(ml_predictions_total{S}[5m]))',
  'sum by (model, env) (rate(ml_prediction_errors_total{S}[5m])) / sum by (model, env) (rate(ml_predictions_total{S}[5m]))',
  'histogram_quantile(0.99, sum by (le, model) (rate(ml_prediction_duration_seconds_bucket{S}[5m])))',
  'histogram_quantile(0.5, sum by (le, team) (rate(ml_prediction_duration_seconds_bucket{S}[5m])))',
  'sum by (team) (rate(ml_prediction_duration_seconds_sum{S}[5m])) / sum by (team) (rate(ml_prediction_duration_seconds_count{S}[5m]))',
  'topk(5, sum by (model) (increase(ml_predictions_total{S}[30m])))',
  'avg by (model) (gpu_utilization_ratio{S})',
  'max by (instance) (process_resident_memory_bytes{S})',
  'sum by (model, feature) (rate(ml_feature_observations_total{S}[10m]))',
  'count by (env) (up{S})',
  'rate(ml_predictions_total{S}[5m])',
] as const

/** The panels' queries, constrained or not. */
export function boardQueries(matcher: string): readonly string[] {
  return panels.map((query) => query.replaceAll('{S}', matcher === '' ? '' : `{${matcher}}`))
}
