-- A server that sees all shards and takes the queries that are not exact over them; and the step of sub-queries that name none.
-- What a shard's slice says beyond its tenants is in its column `slice`, as access documents have it.

alter table data_sources
  add column engine_url text check (engine_url ~ '^https?://[^/?#@\s]+(/[^?#\s]*)?$' and engine_url !~ '/$'),
  add column evaluation_interval text check (evaluation_interval ~ '^[0-9]+[a-z][0-9a-z]*$');
