-- What a data source may have besides its shards: an Alertmanager, and leave to answer when shards are missing.

alter table data_sources
  add column alertmanager_url text check (alertmanager_url ~ '^https?://'),
  add column partial_response boolean not null default false;
