-- What the shards of a data source run: others than Prometheus are handed the constraints of a caller in their own form.

alter table data_sources
  add column backend text not null default 'prometheus'
    check (backend in ('prometheus', 'mimir', 'victoriametrics', 'thanos'));
