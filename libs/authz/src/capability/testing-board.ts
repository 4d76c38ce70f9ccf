/** A dashboard of the project's own for tests: every kind of variable in every kind of place. */
export const testBoard = {
  uid: 'model-health',
  title: 'Model health',
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus' },
      { name: 'env', type: 'custom', query: 'prod, experiment', multi: true, includeAll: true },
      { name: 'window', type: 'custom', query: '5m,1h : 1h,1d' },
      {
        name: 'model',
        type: 'query',
        query: { query: 'label_values(ml_model_info{env=~"$env"}, model)' },
        multi: true,
        includeAll: true,
        allValue: '.*',
      },
      { name: 'instance', type: 'query', query: 'label_values(up, instance)' },
      { name: 'limit', type: 'textbox', query: '5' },
      { name: 'quantile', type: 'custom', query: '0.5,0.9,0.99' },
      { name: 'by', type: 'custom', query: 'model,model_version' },
      {
        name: 'busiest',
        type: 'query',
        query: 'query_result(topk(5, sum by (model) (rate(ml_predictions_total{env=~"$env"}[1h]))))',
      },
    ],
  },
  annotations: {
    list: [{ name: 'Deploys', expr: 'changes(ml_model_info{model=~"$model"}[$__interval]) > 0' }],
  },
  panels: [
    {
      title: 'Throughput',
      targets: [
        { expr: 'sum by ($by) (rate(ml_predictions_total{env=~"$env", model=~"$model"}[$__rate_interval]))' },
        { expr: 'sum(increase(ml_predictions_total{env=~"${env:pipe}"}[$window])) / $__range_s' },
      ],
    },
    {
      type: 'row',
      panels: [
        {
          title: 'Latency',
          targets: [
            {
              expr: 'histogram_quantile($quantile, sum by (le) (rate(ml_prediction_duration_seconds_bucket{model=~"$model"}[$__rate_interval])))',
            },
          ],
        },
        {
          title: 'Busiest',
          targets: [
            { expr: 'topk($limit, avg_over_time(queue_depth{instance="$instance"}[$__range:$__interval]))' },
          ],
        },
        { title: 'One node', targets: [{ expr: 'up{instance=~"$instance:.*"} offset $window' }] },
        {
          title: 'Renamed',
          targets: [{ expr: 'label_replace(up{env!~"$env"}, "host", "$1", "instance", "(.*):.*")' }],
        },
      ],
    },
  ],
} as const
