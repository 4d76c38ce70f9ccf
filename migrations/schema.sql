-- What the migrations make, read back from the server by `npm run golden`. Not for execution.

-- Roles

role gatehouse_app: login=f superuser=f bypassrls=f createrole=f createdb=f;
role gatehouse_definer: login=f superuser=f bypassrls=f createrole=f createdb=f;

-- Domains

domain uid as text CHECK ((VALUE ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$'::text));

-- Tables

table access_requests [row security forced] (
  org_uid uid not null,
  uid uid not null,
  user_uid uid not null,
  role text not null,
  where_kind text not null,
  where_uid uid not null,
  lasts_seconds integer not null,
  reason text not null,
  status text not null default 'pending'::text,
  created_at timestamp with time zone not null default now(),
  decided_by text,
  decided_at timestamp with time zone,
  note text not null default ''::text,
  grant_uid text
);
table audit_anchors (
  sink text not null,
  number bigint not null,
  at timestamp with time zone not null default now(),
  failing_since timestamp with time zone,
  error text
);
table audit_checkpoint_heads [row security forced] (
  number bigint not null,
  writer text not null,
  org_uid text,
  seq bigint not null,
  hash bytea not null
);
table audit_checkpoints (
  number bigint not null,
  at timestamp with time zone not null,
  statement text not null,
  signature text not null
);
table audit_counts [row security forced] (
  minute timestamp with time zone not null,
  org_uid text,
  writer text not null,
  class text not null,
  result text not null,
  events bigint not null
);
table audit_counts_hourly [row security forced] (
  hour timestamp with time zone not null,
  org_uid text,
  writer text not null,
  class text not null,
  result text not null,
  events bigint not null
);
table audit_events partitioned by RANGE (at) [row security forced] (
  at timestamp with time zone not null,
  id uuid not null,
  class text not null,
  org_uid text,
  writer text not null,
  seq bigint not null,
  prev bytea not null,
  hash bytea not null,
  received_at timestamp with time zone not null default now(),
  event jsonb not null,
  code text not null generated always as (event ->> 'code'::text),
  result text not null generated always as (event #>> '{outcome,result}'::text[]),
  action text not null generated always as audit_key((event ->> 'action'::text)),
  actor_ref text generated always as audit_key((event #>> '{actor,ref}'::text[])),
  token_id text generated always as 
CASE (event #>> '{actor,credential,kind}'::text[])
    WHEN 'token'::text THEN audit_key((event #>> '{actor,credential,id}'::text[]))
    ELSE NULL::text
END,
  data_source text generated always as audit_key(COALESCE((event #>> '{plan,dataSource}'::text[]),
CASE (event #>> '{resource,kind}'::text[])
    WHEN 'data-sources'::text THEN (event #>> '{resource,uid}'::text[])
    ELSE NULL::text
END)),
  dashboard text generated always as audit_key(COALESCE((event #>> '{hints,dashboardUid}'::text[]),
CASE (event #>> '{resource,kind}'::text[])
    WHEN 'dashboards'::text THEN (event #>> '{resource,uid}'::text[])
    ELSE NULL::text
END)),
  metrics text[] not null generated always as audit_keys((event -> 'metrics'::text)),
  words tsvector not null generated always as audit_words(audit_text(VARIADIC ARRAY[(event #>> '{request,query}'::text[]), (event #>> '{request,matches}'::text[]), (event ->> 'requestId'::text), (event ->> 'traceId'::text), (event #>> '{from,address}'::text[]), (event #>> '{resource,uid}'::text[]), (event ->> 'action'::text), (event #>> '{outcome,errorCode}'::text[]), (event #>> '{decision,reason}'::text[]), (event ->> 'detail'::text)]))
);
table audit_export_chunks [row security forced] (
  export_uid uid not null,
  org_uid text,
  n integer not null,
  bytes bytea not null
);
table audit_exports [row security forced] (
  uid uid not null,
  org_uid text,
  format text not null,
  filter jsonb not null,
  requested_by text not null,
  requested_at timestamp with time zone not null default now(),
  state text not null default 'queued'::text,
  moved_at timestamp with time zone not null default now(),
  events bigint not null default 0,
  expected bigint,
  bytes bigint not null default 0,
  manifest jsonb,
  error text
);
table audit_heads [row security forced] (
  writer text not null,
  org_uid text,
  seq bigint not null,
  hash bytea not null,
  at timestamp with time zone not null,
  received_at timestamp with time zone not null default now(),
  sealed_seq bigint not null default 0
);
table audit_holds [row security forced] (
  uid uid not null,
  org_uid text,
  from_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
  to_at timestamp with time zone not null default 'infinity'::timestamp with time zone,
  reason text not null,
  placed_by text not null,
  placed_at timestamp with time zone not null default now(),
  released_by text,
  released_at timestamp with time zone
);
table audit_identities [row security forced] (
  ref text not null,
  org_uid text,
  uid text,
  name text,
  issuer text,
  subject text,
  salt text,
  first_at timestamp with time zone not null default now(),
  erased_at timestamp with time zone
);
table audit_key_rotations (
  number bigint not null,
  rotation jsonb not null
);
table audit_label_values [row security forced] (
  org_uid text,
  hash text not null,
  label text not null,
  sealed bytea not null,
  first_at timestamp with time zone not null default now()
);
table audit_sink_positions [row security forced] (
  sink text not null,
  writer text not null,
  org_uid text,
  seq bigint not null
);
table audit_sinks (
  sink text not null,
  holder text,
  lease_until timestamp with time zone not null default now(),
  sent bigint not null default 0,
  sent_at timestamp with time zone,
  behind_since timestamp with time zone,
  failing_since timestamp with time zone,
  error text
);
table audit_tombstones [row security forced] (
  number bigint not null,
  month text not null,
  class text not null,
  org_uid text,
  at timestamp with time zone not null default now(),
  statement text not null,
  signature text not null
);
table audit_verification_jobs [row security forced] (
  uid uid not null,
  org_uid text,
  requested_by text not null,
  requested_at timestamp with time zone not null default now(),
  state text not null default 'queued'::text,
  moved_at timestamp with time zone not null default now(),
  events bigint not null default 0,
  expected bigint,
  report jsonb,
  error text
);
table audit_verifications [row security forced] (
  at timestamp with time zone not null default now(),
  org_uid text,
  events bigint not null,
  checkpoint bigint not null,
  seconds double precision not null,
  findings jsonb not null
);
table audit_views [row security forced] (
  org_uid text,
  user_uid text not null,
  name text not null,
  filter jsonb not null,
  uid uid not null,
  is_shared boolean not null default false
);
table break_glass [row security forced] (
  org_uid uid not null,
  uid uid not null,
  opened_by uid not null,
  where_kind text not null,
  where_uid uid not null,
  reason text not null,
  grant_uid text not null,
  opened_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  reviewed_by text,
  reviewed_at timestamp with time zone,
  review_note text not null default ''::text,
  used integer not null default 0
);
table dashboard_versions [row security forced] (
  org_uid uid not null,
  dashboard_uid uid not null,
  version integer not null,
  content jsonb not null,
  queries jsonb not null,
  message text not null default ''::text,
  saved_by text not null,
  saved_at timestamp with time zone not null default now()
);
table dashboards [row security forced] (
  org_uid uid not null,
  uid uid not null,
  folder_uid uid,
  title text not null,
  version integer not null default 1,
  updated_at timestamp with time zone not null default now(),
  approved_by_kind text,
  approved_by uid,
  approved_sources text[] not null default '{}'::text[],
  approved_constraints text[] not null default '{}'::text[]
);
table data_sources [row security forced] (
  org_uid uid not null,
  uid uid not null,
  name text not null,
  tenant_label text not null default 'tenant'::text,
  version bigint not null default 1,
  alertmanager_url text,
  partial_response boolean not null default false,
  engine_url text,
  evaluation_interval text,
  backend text not null default 'prometheus'::text
);
table folders [row security forced] (
  org_uid uid not null,
  uid uid not null,
  parent_uid uid,
  title text not null,
  origin text not null default 'content'::text
);
table grants [row security forced] (
  org_uid uid not null,
  uid uid not null,
  user_uid uid,
  team_uid uid,
  service_account_uid uid,
  role text not null,
  folder_uid uid,
  data_source_uid uid,
  dashboard_uid uid,
  within_team_uid uid,
  constraints text[] not null default '{}'::text[],
  not_before timestamp with time zone,
  expires_at timestamp with time zone,
  reason text not null default ''::text,
  created_at timestamp with time zone not null default now(),
  origin text not null default 'policy'::text,
  created_by text default NULLIF(current_setting('app.actor'::text, true), ''::text)
);
table guardrails [row security forced] (
  org_uid uid not null,
  uid uid not null,
  selector text not null,
  reason text not null
);
table idempotency_keys [row security forced] (
  org_uid uid not null,
  principal text not null,
  key text not null,
  request text not null,
  answer jsonb not null,
  created_at timestamp with time zone not null default now()
);
table identities [row security forced] (
  issuer text not null,
  subject text not null,
  user_uid uid not null
);
table invitations [row security forced] (
  org_uid text not null,
  user_uid text not null,
  name text not null
);
table local_admin_codes [row security forced] (
  org_uid uid not null,
  hash text not null,
  made_by text not null,
  reason text not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null
);
table login_attempts (
  state_hash text not null,
  browser_hash text not null,
  issuer_name text not null,
  nonce text not null,
  code_verifier text not null,
  return_to text not null,
  expires_at timestamp with time zone not null
);
table memberships [row security forced] (
  org_uid uid not null,
  user_uid uid not null,
  source text not null,
  created_at timestamp with time zone not null default now(),
  disabled boolean not null default false
);
table noted_endings [row security forced] (
  org_uid uid not null,
  grant_uid text not null,
  expires_at timestamp with time zone not null,
  noted_at timestamp with time zone not null default now()
);
table notices [row security forced] (
  org_uid uid not null,
  uid uid not null,
  channel text not null,
  target text not null,
  message jsonb not null,
  attempts integer not null default 0,
  next_at timestamp with time zone not null default now(),
  delivered_at timestamp with time zone,
  last_error text,
  created_at timestamp with time zone not null default now()
);
table orgs [row security forced] (
  uid uid not null,
  name text not null,
  managed text not null default 'api'::text,
  platform boolean not null default false,
  issuers text[],
  policy_version bigint not null default 1,
  created_at timestamp with time zone not null default now(),
  public_sharing boolean not null default false
);
table policy_history [row security forced] (
  org_uid uid not null,
  table_name text not null,
  key text not null,
  at timestamp with time zone not null default clock_timestamp(),
  seq bigint not null,
  content jsonb
);
table provisioning_tokens [row security forced] (
  org_uid uid not null,
  uid uid not null,
  name text not null,
  prefix text not null,
  hash text not null,
  issuer text not null,
  subject_from text not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone
);
table query_statistics [row security forced] (
  org_uid uid not null,
  hour timestamp with time zone not null,
  principal_uid text not null,
  dashboard_uid text not null,
  data_source_uid text not null,
  fingerprint text not null,
  queries bigint not null,
  failed bigint not null,
  from_cache bigint not null,
  samples bigint not null,
  seconds double precision not null,
  bytes bigint not null
);
table query_stops [row security forced] (
  org_uid uid not null,
  uid uid not null,
  kind text not null,
  value text not null,
  reason text not null,
  created_by text not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone
);
table rehearsals [row security forced] (
  org_uid uid not null,
  uid uid not null,
  document_sha256 text not null,
  since timestamp with time zone not null,
  until timestamp with time zone not null,
  created_by text not null,
  created_at timestamp with time zone not null default now(),
  report jsonb,
  state text not null default 'done'::text,
  progress double precision not null default 1,
  requests bigint not null default 0,
  alive_at timestamp with time zone not null default now(),
  failure text,
  attached_to jsonb not null default '[]'::jsonb
);
table released_tenants [row security forced] (
  value text not null,
  org_uid uid not null,
  released_at timestamp with time zone not null default now()
);
table replicas [row security forced] (
  org_uid uid not null,
  data_source_uid uid not null,
  shard text not null,
  name text not null,
  url text not null
);
table retired_orgs (
  uid uid not null,
  deleted_at timestamp with time zone not null default now()
);
table roles [row security forced] (
  org_uid uid not null,
  name text not null,
  version integer not null,
  description text not null default ''::text,
  permissions jsonb not null,
  written_by text default NULLIF(current_setting('app.actor'::text, true), ''::text)
);
table running_queries [row security forced] (
  org_uid uid not null,
  uid text not null,
  process text not null,
  request_id text not null,
  principal_uid text not null,
  data_source_uid text not null,
  endpoint text not null,
  query text not null,
  fingerprint text not null,
  started_at timestamp with time zone not null,
  seen_at timestamp with time zone not null default now()
);
table schema_migrations (
  name text not null,
  sha256 text not null,
  applied_at timestamp with time zone not null default now()
);
table scim_group_members [row security forced] (
  org_uid uid not null,
  group_uid uid not null,
  user_uid uid not null
);
table scim_groups [row security forced] (
  org_uid uid not null,
  uid uid not null,
  display_name text not null,
  external_id text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);
table scim_left [row security forced] (
  org_uid uid not null,
  user_uid uid not null,
  left_at timestamp with time zone not null default now()
);
table scim_users [row security forced] (
  org_uid uid not null,
  user_uid uid not null,
  user_name text not null,
  external_id text,
  attributes jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);
table service_account_tokens [row security forced] (
  org_uid uid not null,
  uid uid not null,
  service_account_uid uid not null,
  name text not null,
  prefix text not null,
  hash text not null,
  source_cidrs cidr[] not null default '{}'::cidr[],
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone
);
table service_accounts [row security forced] (
  org_uid uid not null,
  uid uid not null,
  name text not null,
  team_uid uid,
  disabled boolean not null default false,
  created_at timestamp with time zone not null default now(),
  origin text not null default 'policy'::text
);
table sessions [row security forced] (
  org_uid uid not null,
  uid uid not null,
  hash text not null,
  user_uid uid not null,
  issuer text not null,
  subject text not null,
  idp_session text,
  address inet,
  user_agent text,
  created_at timestamp with time zone not null default now(),
  last_seen_at timestamp with time zone not null default now(),
  idle_timeout interval not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  sealed text,
  check_every interval,
  check_within interval,
  checked_at timestamp with time zone not null default now(),
  checking_at timestamp with time zone
);
table shards [row security forced] (
  org_uid uid not null,
  data_source_uid uid not null,
  name text not null,
  slice jsonb not null
);
table slow_queries [row security forced] (
  org_uid uid not null,
  uid text not null,
  at timestamp with time zone not null,
  request_id text not null,
  principal_uid text not null,
  dashboard_uid text not null,
  data_source_uid text not null,
  endpoint text not null,
  query text not null,
  fingerprint text not null,
  seconds double precision not null,
  samples bigint not null,
  bytes bigint not null,
  cache text not null
);
table team_members [row security forced] (
  org_uid uid not null,
  team_uid uid not null,
  user_uid uid not null,
  source text not null,
  added_by text default NULLIF(current_setting('app.actor'::text, true), ''::text),
  idp_groups text[] not null default '{}'::text[]
);
table teams [row security forced] (
  org_uid uid not null,
  uid uid not null,
  name text not null,
  idp_groups text[] not null default '{}'::text[],
  created_at timestamp with time zone not null default now()
);
table tenants [row security forced] (
  org_uid uid not null,
  value text not null,
  created_at timestamp with time zone not null default now()
);
table upstream_claims [row security forced] (
  address text not null,
  org_uid uid not null,
  tenant_label text not null,
  since timestamp with time zone not null default now()
);
table users [row security forced] (
  uid uid not null,
  name text not null,
  email text,
  disabled boolean not null default false,
  created_at timestamp with time zone not null default now()
);

-- Constraints

constraint on access_requests: access_requests_check CHECK (((status = 'pending'::text) = (decided_at IS NULL)));
constraint on access_requests: access_requests_check1 CHECK (((status = 'approved'::text) = (grant_uid IS NOT NULL)));
constraint on access_requests: access_requests_lasts_seconds_check CHECK ((lasts_seconds > 0));
constraint on access_requests: access_requests_note_check CHECK ((length(note) <= 500));
constraint on access_requests: access_requests_org_uid_user_uid_fkey FOREIGN KEY (org_uid, user_uid) REFERENCES memberships(org_uid, user_uid) ON DELETE CASCADE;
constraint on access_requests: access_requests_pkey PRIMARY KEY (org_uid, uid);
constraint on access_requests: access_requests_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)));
constraint on access_requests: access_requests_role_check CHECK (((length(role) >= 1) AND (length(role) <= 63)));
constraint on access_requests: access_requests_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'denied'::text, 'withdrawn'::text])));
constraint on access_requests: access_requests_where_kind_check CHECK ((where_kind = ANY (ARRAY['org'::text, 'folder'::text, 'data-source'::text, 'dashboard'::text])));
constraint on audit_anchors: audit_anchors_pkey PRIMARY KEY (sink);
constraint on audit_checkpoint_heads: audit_checkpoint_heads_hash_check CHECK ((length(hash) = 32));
constraint on audit_checkpoint_heads: audit_checkpoint_heads_number_fkey FOREIGN KEY (number) REFERENCES audit_checkpoints(number);
constraint on audit_checkpoint_heads: audit_checkpoint_heads_writer_org_uid_number_key UNIQUE NULLS NOT DISTINCT (writer, org_uid, number);
constraint on audit_checkpoints: audit_checkpoints_number_check CHECK ((number > 0));
constraint on audit_checkpoints: audit_checkpoints_pkey PRIMARY KEY (number);
constraint on audit_counts: audit_counts_org_uid_minute_writer_class_result_key UNIQUE NULLS NOT DISTINCT (org_uid, minute, writer, class, result);
constraint on audit_counts_hourly: audit_counts_hourly_org_uid_hour_writer_class_result_key UNIQUE NULLS NOT DISTINCT (org_uid, hour, writer, class, result);
constraint on audit_events: audit_events_class_agrees CHECK ((class = audit_class((event ->> 'code'::text))));
constraint on audit_events: audit_events_hash_check CHECK ((length(hash) = 32));
constraint on audit_events: audit_events_id_agrees CHECK (((id)::text = (event ->> 'id'::text)));
constraint on audit_events: audit_events_org_agrees CHECK ((NOT (org_uid IS DISTINCT FROM (event ->> 'orgUid'::text))));
constraint on audit_events: audit_events_pkey PRIMARY KEY (at, id, class, hash);
constraint on audit_events: audit_events_prev_check CHECK ((length(prev) = 32));
constraint on audit_events: audit_events_seq_check CHECK ((seq > 0));
constraint on audit_export_chunks: audit_export_chunks_export_uid_fkey FOREIGN KEY (export_uid) REFERENCES audit_exports(uid) ON DELETE CASCADE;
constraint on audit_export_chunks: audit_export_chunks_pkey PRIMARY KEY (export_uid, n);
constraint on audit_exports: audit_exports_format_check CHECK ((format = ANY (ARRAY['ndjson'::text, 'csv'::text])));
constraint on audit_exports: audit_exports_pkey PRIMARY KEY (uid);
constraint on audit_exports: audit_exports_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text])));
constraint on audit_heads: audit_heads_writer_org_uid_key UNIQUE NULLS NOT DISTINCT (writer, org_uid);
constraint on audit_holds: audit_holds_check CHECK ((from_at < to_at));
constraint on audit_holds: audit_holds_check1 CHECK (((released_at IS NULL) = (released_by IS NULL)));
constraint on audit_holds: audit_holds_pkey PRIMARY KEY (uid);
constraint on audit_holds: audit_holds_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)));
constraint on audit_identities: audit_identities_check CHECK (((erased_at IS NULL) = ((uid IS NOT NULL) AND (name IS NOT NULL) AND (salt IS NOT NULL))));
constraint on audit_identities: audit_identities_pkey PRIMARY KEY (ref);
constraint on audit_key_rotations: audit_key_rotations_pkey PRIMARY KEY (number);
constraint on audit_label_values: audit_label_values_org_uid_hash_key UNIQUE NULLS NOT DISTINCT (org_uid, hash);
constraint on audit_sink_positions: audit_sink_positions_sink_fkey FOREIGN KEY (sink) REFERENCES audit_sinks(sink) ON DELETE CASCADE;
constraint on audit_sink_positions: audit_sink_positions_sink_writer_org_uid_key UNIQUE NULLS NOT DISTINCT (sink, writer, org_uid);
constraint on audit_sinks: audit_sinks_pkey PRIMARY KEY (sink);
constraint on audit_tombstones: audit_tombstones_pkey PRIMARY KEY (number);
constraint on audit_verification_jobs: audit_verification_jobs_pkey PRIMARY KEY (uid);
constraint on audit_verification_jobs: audit_verification_jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text])));
constraint on audit_verifications: audit_verifications_pkey PRIMARY KEY (at);
constraint on audit_views: audit_views_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)));
constraint on audit_views: audit_views_org_uid_user_uid_name_key UNIQUE NULLS NOT DISTINCT (org_uid, user_uid, name);
constraint on audit_views: audit_views_pkey PRIMARY KEY (uid);
constraint on break_glass: break_glass_check CHECK ((expires_at > opened_at));
constraint on break_glass: break_glass_check1 CHECK (((reviewed_by IS NULL) = (reviewed_at IS NULL)));
constraint on break_glass: break_glass_check2 CHECK (((reviewed_by IS NULL) OR (reviewed_by <> (opened_by)::text)));
constraint on break_glass: break_glass_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on break_glass: break_glass_pkey PRIMARY KEY (org_uid, uid);
constraint on break_glass: break_glass_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)));
constraint on break_glass: break_glass_review_note_check CHECK ((length(review_note) <= 500));
constraint on break_glass: break_glass_used_check CHECK ((used >= 0));
constraint on break_glass: break_glass_where_kind_check CHECK ((where_kind = ANY (ARRAY['org'::text, 'folder'::text, 'data-source'::text, 'dashboard'::text])));
constraint on dashboard_versions: dashboard_versions_message_check CHECK ((length(message) <= 500));
constraint on dashboard_versions: dashboard_versions_org_uid_dashboard_uid_fkey FOREIGN KEY (org_uid, dashboard_uid) REFERENCES dashboards(org_uid, uid) ON DELETE CASCADE;
constraint on dashboard_versions: dashboard_versions_pkey PRIMARY KEY (org_uid, dashboard_uid, version);
constraint on dashboard_versions: dashboard_versions_version_check CHECK ((version > 0));
constraint on dashboards: dashboards_approval CHECK ((((approved_by IS NULL) = (approved_by_kind IS NULL)) AND ((approved_by IS NULL) = (cardinality(approved_sources) = 0)) AND ((approved_by IS NOT NULL) OR (cardinality(approved_constraints) = 0))));
constraint on dashboards: dashboards_approved_by_kind_check CHECK ((approved_by_kind = ANY (ARRAY['user'::text, 'team'::text, 'service-account'::text])));
constraint on dashboards: dashboards_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on dashboards: dashboards_org_uid_folder_uid_fkey FOREIGN KEY (org_uid, folder_uid) REFERENCES folders(org_uid, uid);
constraint on dashboards: dashboards_pkey PRIMARY KEY (org_uid, uid);
constraint on dashboards: dashboards_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)));
constraint on dashboards: dashboards_version_check CHECK ((version > 0));
constraint on data_sources: data_sources_alertmanager_url_check CHECK ((alertmanager_url ~ '^https?://'::text));
constraint on data_sources: data_sources_backend_check CHECK ((backend = ANY (ARRAY['prometheus'::text, 'mimir'::text, 'victoriametrics'::text, 'thanos'::text])));
constraint on data_sources: data_sources_engine_url_check CHECK (((engine_url ~ '^https?://[^/?#@\s]+(/[^?#\s]*)?$'::text) AND (engine_url !~ '/$'::text)));
constraint on data_sources: data_sources_evaluation_interval_check CHECK ((evaluation_interval ~ '^[0-9]+[a-z][0-9a-z]*$'::text));
constraint on data_sources: data_sources_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));
constraint on data_sources: data_sources_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on data_sources: data_sources_pkey PRIMARY KEY (org_uid, uid);
constraint on data_sources: data_sources_tenant_label_check CHECK ((tenant_label ~ '^[A-Za-z_][A-Za-z0-9_]*$'::text));
constraint on folders: folders_check CHECK (((parent_uid)::text <> (uid)::text));
constraint on folders: folders_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on folders: folders_org_uid_parent_uid_fkey FOREIGN KEY (org_uid, parent_uid) REFERENCES folders(org_uid, uid);
constraint on folders: folders_origin_check CHECK ((origin = ANY (ARRAY['policy'::text, 'content'::text])));
constraint on folders: folders_pkey PRIMARY KEY (org_uid, uid);
constraint on folders: folders_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)));
constraint on grants: grants_one_place CHECK ((num_nonnulls(folder_uid, data_source_uid, dashboard_uid, within_team_uid) <= 1));
constraint on grants: grants_one_subject CHECK ((num_nonnulls(user_uid, team_uid, service_account_uid) = 1));
constraint on grants: grants_org_uid_dashboard_uid_fkey FOREIGN KEY (org_uid, dashboard_uid) REFERENCES dashboards(org_uid, uid) ON DELETE CASCADE;
constraint on grants: grants_org_uid_data_source_uid_fkey FOREIGN KEY (org_uid, data_source_uid) REFERENCES data_sources(org_uid, uid) ON DELETE CASCADE;
constraint on grants: grants_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on grants: grants_org_uid_folder_uid_fkey FOREIGN KEY (org_uid, folder_uid) REFERENCES folders(org_uid, uid) ON DELETE CASCADE;
constraint on grants: grants_org_uid_service_account_uid_fkey FOREIGN KEY (org_uid, service_account_uid) REFERENCES service_accounts(org_uid, uid) ON DELETE CASCADE;
constraint on grants: grants_org_uid_team_uid_fkey FOREIGN KEY (org_uid, team_uid) REFERENCES teams(org_uid, uid) ON DELETE CASCADE;
constraint on grants: grants_org_uid_user_uid_fkey FOREIGN KEY (org_uid, user_uid) REFERENCES memberships(org_uid, user_uid) ON DELETE CASCADE;
constraint on grants: grants_org_uid_within_team_uid_fkey FOREIGN KEY (org_uid, within_team_uid) REFERENCES teams(org_uid, uid) ON DELETE CASCADE;
constraint on grants: grants_origin_check CHECK ((origin = ANY (ARRAY['policy'::text, 'request'::text, 'break-glass'::text, 'share-link'::text])));
constraint on grants: grants_period CHECK (((not_before IS NULL) OR (expires_at IS NULL) OR (not_before < expires_at)));
constraint on grants: grants_pkey PRIMARY KEY (org_uid, uid);
constraint on grants: grants_reason_check CHECK ((length(reason) <= 500));
constraint on grants: grants_temporary CHECK (((origin = 'policy'::text) OR (expires_at IS NOT NULL)));
constraint on guardrails: guardrails_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on guardrails: guardrails_pkey PRIMARY KEY (org_uid, uid);
constraint on guardrails: guardrails_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)));
constraint on idempotency_keys: idempotency_keys_key_check CHECK ((key ~ '^[!-~]{1,200}$'::text));
constraint on idempotency_keys: idempotency_keys_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on idempotency_keys: idempotency_keys_pkey PRIMARY KEY (org_uid, principal, key);
constraint on idempotency_keys: idempotency_keys_principal_check CHECK (((length(principal) >= 1) AND (length(principal) <= 200)));
constraint on idempotency_keys: idempotency_keys_request_check CHECK ((request ~ '^[0-9a-f]{64}$'::text));
constraint on identities: identities_pkey PRIMARY KEY (issuer, subject);
constraint on identities: identities_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 256)));
constraint on identities: identities_user_uid_fkey FOREIGN KEY (user_uid) REFERENCES users(uid) ON DELETE CASCADE;
constraint on invitations: invitations_name_check CHECK ((name <> ''::text));
constraint on invitations: invitations_org_uid_user_uid_fkey FOREIGN KEY (org_uid, user_uid) REFERENCES memberships(org_uid, user_uid) ON DELETE CASCADE;
constraint on invitations: invitations_pkey PRIMARY KEY (org_uid, user_uid);
constraint on local_admin_codes: local_admin_codes_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text));
constraint on local_admin_codes: local_admin_codes_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 200)));
constraint on local_admin_codes: local_admin_codes_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on local_admin_codes: local_admin_codes_pkey PRIMARY KEY (hash);
constraint on local_admin_codes: local_admin_codes_reason_check CHECK (((length(reason) >= 10) AND (length(reason) <= 500)));
constraint on login_attempts: login_attempts_browser_hash_check CHECK ((browser_hash ~ '^[0-9a-f]{64}$'::text));
constraint on login_attempts: login_attempts_code_verifier_check CHECK ((length(code_verifier) <= 200));
constraint on login_attempts: login_attempts_issuer_name_check CHECK ((length(issuer_name) <= 100));
constraint on login_attempts: login_attempts_nonce_check CHECK ((length(nonce) <= 200));
constraint on login_attempts: login_attempts_pkey PRIMARY KEY (state_hash);
constraint on login_attempts: login_attempts_return_to_check CHECK (((return_to ~ '^/'::text) AND (length(return_to) <= 2000)));
constraint on login_attempts: login_attempts_state_hash_check CHECK ((state_hash ~ '^[0-9a-f]{64}$'::text));
constraint on memberships: memberships_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on memberships: memberships_pkey PRIMARY KEY (org_uid, user_uid);
constraint on memberships: memberships_source_check CHECK ((source = ANY (ARRAY['sso'::text, 'manual'::text, 'scim'::text])));
constraint on memberships: memberships_user_uid_fkey FOREIGN KEY (user_uid) REFERENCES users(uid) ON DELETE CASCADE;
constraint on noted_endings: noted_endings_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on noted_endings: noted_endings_pkey PRIMARY KEY (org_uid, grant_uid, expires_at);
constraint on notices: notices_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'webhook'::text])));
constraint on notices: notices_last_error_check CHECK ((length(last_error) <= 500));
constraint on notices: notices_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on notices: notices_pkey PRIMARY KEY (org_uid, uid);
constraint on notices: notices_target_check CHECK (((length(target) >= 1) AND (length(target) <= 500)));
constraint on orgs: orgs_issuers_check CHECK (((issuers IS NULL) OR (cardinality(issuers) > 0)));
constraint on orgs: orgs_managed_check CHECK ((managed = ANY (ARRAY['files'::text, 'api'::text])));
constraint on orgs: orgs_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));
constraint on orgs: orgs_pkey PRIMARY KEY (uid);
constraint on policy_history: policy_history_pkey PRIMARY KEY (org_uid, table_name, key, at, seq);
constraint on provisioning_tokens: provisioning_tokens_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text));
constraint on provisioning_tokens: provisioning_tokens_hash_key UNIQUE (hash);
constraint on provisioning_tokens: provisioning_tokens_issuer_check CHECK ((length(issuer) <= 500));
constraint on provisioning_tokens: provisioning_tokens_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));
constraint on provisioning_tokens: provisioning_tokens_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on provisioning_tokens: provisioning_tokens_pkey PRIMARY KEY (org_uid, uid);
constraint on provisioning_tokens: provisioning_tokens_prefix_check CHECK (((length(prefix) >= 1) AND (length(prefix) <= 24)));
constraint on provisioning_tokens: provisioning_tokens_subject_from_check CHECK ((subject_from = ANY (ARRAY['externalId'::text, 'userName'::text])));
constraint on query_statistics: query_statistics_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on query_statistics: query_statistics_pkey PRIMARY KEY (org_uid, hour, principal_uid, dashboard_uid, data_source_uid, fingerprint);
constraint on query_stops: query_stops_kind_check CHECK ((kind = ANY (ARRAY['tenant'::text, 'principal'::text, 'fingerprint'::text])));
constraint on query_stops: query_stops_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on query_stops: query_stops_pkey PRIMARY KEY (org_uid, uid);
constraint on query_stops: query_stops_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)));
constraint on query_stops: query_stops_value_check CHECK (((length(value) >= 1) AND (length(value) <= 256)));
constraint on rehearsals: rehearsals_check CHECK ((since < until));
constraint on rehearsals: rehearsals_document_sha256_check CHECK ((document_sha256 ~ '^[0-9a-f]{64}$'::text));
constraint on rehearsals: rehearsals_done CHECK (((state = 'done'::text) = (report IS NOT NULL)));
constraint on rehearsals: rehearsals_failure_check CHECK ((length(failure) <= 500));
constraint on rehearsals: rehearsals_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on rehearsals: rehearsals_pkey PRIMARY KEY (org_uid, uid);
constraint on rehearsals: rehearsals_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision)));
constraint on rehearsals: rehearsals_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'failed'::text])));
constraint on released_tenants: released_tenants_pkey PRIMARY KEY (value);
constraint on replicas: replicas_name_check CHECK (((length(name) >= 1) AND (length(name) <= 63)));
constraint on replicas: replicas_org_uid_data_source_uid_shard_fkey FOREIGN KEY (org_uid, data_source_uid, shard) REFERENCES shards(org_uid, data_source_uid, name) ON DELETE CASCADE;
constraint on replicas: replicas_pkey PRIMARY KEY (org_uid, data_source_uid, shard, name);
constraint on replicas: replicas_url_check CHECK (((url ~ '^https?://[^/?#@\s]+(/[^?#\s]*)?$'::text) AND (url !~ '/$'::text)));
constraint on retired_orgs: retired_orgs_pkey PRIMARY KEY (uid);
constraint on roles: roles_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,62}$'::text));
constraint on roles: roles_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on roles: roles_pkey PRIMARY KEY (org_uid, name);
constraint on roles: roles_version_check CHECK ((version > 0));
constraint on running_queries: running_queries_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on running_queries: running_queries_pkey PRIMARY KEY (org_uid, uid);
constraint on running_queries: running_queries_process_check CHECK (((length(process) >= 1) AND (length(process) <= 64)));
constraint on running_queries: running_queries_query_check CHECK ((length(query) <= 4096));
constraint on running_queries: running_queries_uid_check CHECK (((length(uid) >= 1) AND (length(uid) <= 64)));
constraint on schema_migrations: schema_migrations_pkey PRIMARY KEY (name);
constraint on scim_group_members: scim_group_members_org_uid_group_uid_fkey FOREIGN KEY (org_uid, group_uid) REFERENCES scim_groups(org_uid, uid) ON DELETE CASCADE;
constraint on scim_group_members: scim_group_members_org_uid_user_uid_fkey FOREIGN KEY (org_uid, user_uid) REFERENCES scim_users(org_uid, user_uid) ON DELETE CASCADE;
constraint on scim_group_members: scim_group_members_pkey PRIMARY KEY (org_uid, group_uid, user_uid);
constraint on scim_groups: scim_groups_display_name_check CHECK (((length(display_name) >= 1) AND (length(display_name) <= 256)));
constraint on scim_groups: scim_groups_external_id_check CHECK ((length(external_id) <= 256));
constraint on scim_groups: scim_groups_name_no_claim CHECK ((display_name !~~* 'claim:%'::text));
constraint on scim_groups: scim_groups_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on scim_groups: scim_groups_pkey PRIMARY KEY (org_uid, uid);
constraint on scim_left: scim_left_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on scim_left: scim_left_pkey PRIMARY KEY (org_uid, user_uid);
constraint on scim_users: scim_users_external_id_check CHECK ((length(external_id) <= 256));
constraint on scim_users: scim_users_org_uid_user_uid_fkey FOREIGN KEY (org_uid, user_uid) REFERENCES memberships(org_uid, user_uid) ON DELETE CASCADE;
constraint on scim_users: scim_users_pkey PRIMARY KEY (org_uid, user_uid);
constraint on scim_users: scim_users_user_name_check CHECK (((length(user_name) >= 1) AND (length(user_name) <= 256)));
constraint on service_account_tokens: service_account_tokens_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text));
constraint on service_account_tokens: service_account_tokens_hash_key UNIQUE (hash);
constraint on service_account_tokens: service_account_tokens_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));
constraint on service_account_tokens: service_account_tokens_org_uid_service_account_uid_fkey FOREIGN KEY (org_uid, service_account_uid) REFERENCES service_accounts(org_uid, uid) ON DELETE CASCADE;
constraint on service_account_tokens: service_account_tokens_pkey PRIMARY KEY (org_uid, uid);
constraint on service_account_tokens: service_account_tokens_prefix_check CHECK (((length(prefix) >= 1) AND (length(prefix) <= 24)));
constraint on service_accounts: service_accounts_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));
constraint on service_accounts: service_accounts_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on service_accounts: service_accounts_org_uid_team_uid_fkey FOREIGN KEY (org_uid, team_uid) REFERENCES teams(org_uid, uid);
constraint on service_accounts: service_accounts_origin_check CHECK ((origin = ANY (ARRAY['policy'::text, 'share-link'::text])));
constraint on service_accounts: service_accounts_pkey PRIMARY KEY (org_uid, uid);
constraint on sessions: sessions_check CHECK (((check_every IS NULL) = (check_within IS NULL)));
constraint on sessions: sessions_check_every_check CHECK ((check_every > '00:00:00'::interval));
constraint on sessions: sessions_check_within_check CHECK ((check_within > '00:00:00'::interval));
constraint on sessions: sessions_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text));
constraint on sessions: sessions_idle_timeout_check CHECK ((idle_timeout > '00:00:00'::interval));
constraint on sessions: sessions_org_uid_user_uid_fkey FOREIGN KEY (org_uid, user_uid) REFERENCES memberships(org_uid, user_uid) ON DELETE CASCADE;
constraint on sessions: sessions_pkey PRIMARY KEY (hash);
constraint on sessions: sessions_sealed_check CHECK ((length(sealed) <= 65536));
constraint on sessions: sessions_uid_key UNIQUE (uid);
constraint on sessions: sessions_user_agent_check CHECK ((length(user_agent) <= 512));
constraint on shards: shards_name_check CHECK (((length(name) >= 1) AND (length(name) <= 63)));
constraint on shards: shards_org_uid_data_source_uid_fkey FOREIGN KEY (org_uid, data_source_uid) REFERENCES data_sources(org_uid, uid) ON DELETE CASCADE;
constraint on shards: shards_pkey PRIMARY KEY (org_uid, data_source_uid, name);
constraint on slow_queries: slow_queries_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on slow_queries: slow_queries_pkey PRIMARY KEY (org_uid, uid);
constraint on slow_queries: slow_queries_query_check CHECK ((length(query) <= 4096));
constraint on slow_queries: slow_queries_uid_check CHECK (((length(uid) >= 1) AND (length(uid) <= 64)));
constraint on team_members: team_members_groups_not_by_hand CHECK (((source <> 'manual'::text) OR (idp_groups = '{}'::text[])));
constraint on team_members: team_members_org_uid_team_uid_fkey FOREIGN KEY (org_uid, team_uid) REFERENCES teams(org_uid, uid) ON DELETE CASCADE;
constraint on team_members: team_members_org_uid_user_uid_fkey FOREIGN KEY (org_uid, user_uid) REFERENCES memberships(org_uid, user_uid) ON DELETE CASCADE;
constraint on team_members: team_members_pkey PRIMARY KEY (org_uid, team_uid, user_uid, source);
constraint on team_members: team_members_source_check CHECK ((source = ANY (ARRAY['sso'::text, 'manual'::text, 'scim'::text])));
constraint on teams: teams_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)));
constraint on teams: teams_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on teams: teams_pkey PRIMARY KEY (org_uid, uid);
constraint on tenants: tenants_org_uid_fkey FOREIGN KEY (org_uid) REFERENCES orgs(uid) ON DELETE CASCADE;
constraint on tenants: tenants_pkey PRIMARY KEY (value);
constraint on tenants: tenants_value_check CHECK (((value ~ '^[A-Za-z0-9!_.*''()-]{1,150}$'::text) AND (value <> ALL (ARRAY['.'::text, '..'::text])) AND (value !~ '^__'::text)));
constraint on upstream_claims: upstream_claims_pkey PRIMARY KEY (address, org_uid, tenant_label);
constraint on users: users_pkey PRIMARY KEY (uid);

-- Indexes

CREATE INDEX access_requests_open ON public.access_requests USING btree (org_uid, created_at) WHERE (status = 'pending'::text);
CREATE UNIQUE INDEX access_requests_pkey ON public.access_requests USING btree (org_uid, uid);
CREATE UNIQUE INDEX audit_anchors_pkey ON public.audit_anchors USING btree (sink);
CREATE INDEX audit_checkpoint_heads_number ON public.audit_checkpoint_heads USING btree (number);
CREATE INDEX audit_checkpoint_heads_org ON public.audit_checkpoint_heads USING btree (org_uid, number);
CREATE UNIQUE INDEX audit_checkpoint_heads_writer_org_uid_number_key ON public.audit_checkpoint_heads USING btree (writer, org_uid, number) NULLS NOT DISTINCT;
CREATE INDEX audit_checkpoints_at ON public.audit_checkpoints USING btree (at);
CREATE UNIQUE INDEX audit_checkpoints_pkey ON public.audit_checkpoints USING btree (number);
CREATE INDEX audit_counts_minute ON public.audit_counts USING btree (minute);
CREATE UNIQUE INDEX audit_counts_org_uid_minute_writer_class_result_key ON public.audit_counts USING btree (org_uid, minute, writer, class, result) NULLS NOT DISTINCT;
CREATE INDEX audit_counts_hourly_hour ON public.audit_counts_hourly USING btree (hour);
CREATE UNIQUE INDEX audit_counts_hourly_org_uid_hour_writer_class_result_key ON public.audit_counts_hourly USING btree (org_uid, hour, writer, class, result) NULLS NOT DISTINCT;
CREATE INDEX audit_events_action ON ONLY public.audit_events USING btree (action, at);
CREATE INDEX audit_events_actor ON ONLY public.audit_events USING btree (actor_ref, at);
CREATE INDEX audit_events_address ON ONLY public.audit_events USING btree (audit_key((event #>> '{from,address}'::text[])), at);
CREATE INDEX audit_events_chain ON ONLY public.audit_events USING btree (writer, org_uid, seq);
CREATE INDEX audit_events_code ON ONLY public.audit_events USING btree (code, at);
CREATE INDEX audit_events_dashboard ON ONLY public.audit_events USING btree (dashboard, at) WHERE (dashboard IS NOT NULL);
CREATE INDEX audit_events_metrics ON ONLY public.audit_events USING gin (metrics);
CREATE INDEX audit_events_org ON ONLY public.audit_events USING btree (org_uid, at, id);
CREATE UNIQUE INDEX audit_events_pkey ON ONLY public.audit_events USING btree (at, id, class, hash);
CREATE INDEX audit_events_refused ON ONLY public.audit_events USING btree (result, at) WHERE (result <> 'allowed'::text);
CREATE INDEX audit_events_source ON ONLY public.audit_events USING btree (data_source, at);
CREATE INDEX audit_events_token ON ONLY public.audit_events USING btree (token_id, at) WHERE (token_id IS NOT NULL);
CREATE INDEX audit_events_words ON ONLY public.audit_events USING gin (words);
CREATE INDEX audit_export_chunks_org ON public.audit_export_chunks USING btree (org_uid);
CREATE UNIQUE INDEX audit_export_chunks_pkey ON public.audit_export_chunks USING btree (export_uid, n);
CREATE INDEX audit_exports_org ON public.audit_exports USING btree (org_uid, requested_at);
CREATE UNIQUE INDEX audit_exports_pkey ON public.audit_exports USING btree (uid);
CREATE INDEX audit_exports_waiting ON public.audit_exports USING btree (requested_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX audit_heads_org ON public.audit_heads USING btree (org_uid);
CREATE UNIQUE INDEX audit_heads_writer_org_uid_key ON public.audit_heads USING btree (writer, org_uid) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX audit_holds_pkey ON public.audit_holds USING btree (uid);
CREATE INDEX audit_identities_org ON public.audit_identities USING btree (org_uid);
CREATE UNIQUE INDEX audit_identities_pkey ON public.audit_identities USING btree (ref);
CREATE INDEX audit_identities_uid ON public.audit_identities USING btree (uid);
CREATE UNIQUE INDEX audit_key_rotations_pkey ON public.audit_key_rotations USING btree (number);
CREATE UNIQUE INDEX audit_label_values_org_uid_hash_key ON public.audit_label_values USING btree (org_uid, hash) NULLS NOT DISTINCT;
CREATE INDEX audit_sink_positions_org ON public.audit_sink_positions USING btree (org_uid);
CREATE UNIQUE INDEX audit_sink_positions_sink_writer_org_uid_key ON public.audit_sink_positions USING btree (sink, writer, org_uid) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX audit_sinks_pkey ON public.audit_sinks USING btree (sink);
CREATE INDEX audit_tombstones_org ON public.audit_tombstones USING btree (org_uid);
CREATE UNIQUE INDEX audit_tombstones_pkey ON public.audit_tombstones USING btree (number);
CREATE INDEX audit_verification_jobs_org ON public.audit_verification_jobs USING btree (org_uid, requested_at);
CREATE UNIQUE INDEX audit_verification_jobs_pkey ON public.audit_verification_jobs USING btree (uid);
CREATE UNIQUE INDEX audit_verification_jobs_waiting ON public.audit_verification_jobs USING btree (COALESCE(org_uid, '*'::text)) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE UNIQUE INDEX audit_verifications_pkey ON public.audit_verifications USING btree (at);
CREATE INDEX audit_views_org ON public.audit_views USING btree (org_uid);
CREATE UNIQUE INDEX audit_views_org_uid_user_uid_name_key ON public.audit_views USING btree (org_uid, user_uid, name) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX audit_views_pkey ON public.audit_views USING btree (uid);
CREATE INDEX break_glass_open ON public.break_glass USING btree (org_uid, opened_at) WHERE (reviewed_at IS NULL);
CREATE UNIQUE INDEX break_glass_pkey ON public.break_glass USING btree (org_uid, uid);
CREATE UNIQUE INDEX dashboard_versions_pkey ON public.dashboard_versions USING btree (org_uid, dashboard_uid, version);
CREATE INDEX dashboards_folder ON public.dashboards USING btree (org_uid, folder_uid);
CREATE UNIQUE INDEX dashboards_pkey ON public.dashboards USING btree (org_uid, uid);
CREATE UNIQUE INDEX data_sources_pkey ON public.data_sources USING btree (org_uid, uid);
CREATE INDEX folders_parent ON public.folders USING btree (org_uid, parent_uid);
CREATE UNIQUE INDEX folders_pkey ON public.folders USING btree (org_uid, uid);
CREATE INDEX grants_ending ON public.grants USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE UNIQUE INDEX grants_pkey ON public.grants USING btree (org_uid, uid);
CREATE UNIQUE INDEX guardrails_pkey ON public.guardrails USING btree (org_uid, uid);
CREATE INDEX idempotency_keys_created ON public.idempotency_keys USING btree (org_uid, created_at);
CREATE UNIQUE INDEX idempotency_keys_pkey ON public.idempotency_keys USING btree (org_uid, principal, key);
CREATE UNIQUE INDEX identities_pkey ON public.identities USING btree (issuer, subject);
CREATE INDEX identities_user ON public.identities USING btree (user_uid);
CREATE UNIQUE INDEX invitations_pkey ON public.invitations USING btree (org_uid, user_uid);
CREATE INDEX invitations_user ON public.invitations USING btree (user_uid);
CREATE INDEX local_admin_codes_org ON public.local_admin_codes USING btree (org_uid);
CREATE UNIQUE INDEX local_admin_codes_pkey ON public.local_admin_codes USING btree (hash);
CREATE INDEX login_attempts_expires ON public.login_attempts USING btree (expires_at);
CREATE UNIQUE INDEX login_attempts_pkey ON public.login_attempts USING btree (state_hash);
CREATE UNIQUE INDEX memberships_pkey ON public.memberships USING btree (org_uid, user_uid);
CREATE INDEX memberships_user ON public.memberships USING btree (user_uid);
CREATE UNIQUE INDEX noted_endings_pkey ON public.noted_endings USING btree (org_uid, grant_uid, expires_at);
CREATE INDEX notices_due ON public.notices USING btree (next_at) WHERE (delivered_at IS NULL);
CREATE UNIQUE INDEX notices_pkey ON public.notices USING btree (org_uid, uid);
CREATE UNIQUE INDEX orgs_one_platform ON public.orgs USING btree (platform) WHERE platform;
CREATE UNIQUE INDEX orgs_pkey ON public.orgs USING btree (uid);
CREATE UNIQUE INDEX policy_history_pkey ON public.policy_history USING btree (org_uid, table_name, key, at, seq);
CREATE UNIQUE INDEX provisioning_tokens_hash_key ON public.provisioning_tokens USING btree (hash);
CREATE UNIQUE INDEX provisioning_tokens_pkey ON public.provisioning_tokens USING btree (org_uid, uid);
CREATE UNIQUE INDEX query_statistics_pkey ON public.query_statistics USING btree (org_uid, hour, principal_uid, dashboard_uid, data_source_uid, fingerprint);
CREATE UNIQUE INDEX query_stops_pkey ON public.query_stops USING btree (org_uid, uid);
CREATE INDEX rehearsals_created ON public.rehearsals USING btree (org_uid, created_at);
CREATE UNIQUE INDEX rehearsals_pkey ON public.rehearsals USING btree (org_uid, uid);
CREATE UNIQUE INDEX released_tenants_pkey ON public.released_tenants USING btree (value);
CREATE INDEX replicas_address ON public.replicas USING btree (upstream_address(url));
CREATE UNIQUE INDEX replicas_pkey ON public.replicas USING btree (org_uid, data_source_uid, shard, name);
CREATE UNIQUE INDEX retired_orgs_pkey ON public.retired_orgs USING btree (uid);
CREATE UNIQUE INDEX roles_pkey ON public.roles USING btree (org_uid, name);
CREATE UNIQUE INDEX running_queries_pkey ON public.running_queries USING btree (org_uid, uid);
CREATE INDEX running_queries_process ON public.running_queries USING btree (org_uid, process);
CREATE UNIQUE INDEX schema_migrations_pkey ON public.schema_migrations USING btree (name);
CREATE UNIQUE INDEX scim_group_members_pkey ON public.scim_group_members USING btree (org_uid, group_uid, user_uid);
CREATE INDEX scim_group_members_user ON public.scim_group_members USING btree (org_uid, user_uid);
CREATE UNIQUE INDEX scim_groups_name ON public.scim_groups USING btree (org_uid, lower(display_name));
CREATE UNIQUE INDEX scim_groups_pkey ON public.scim_groups USING btree (org_uid, uid);
CREATE UNIQUE INDEX scim_left_pkey ON public.scim_left USING btree (org_uid, user_uid);
CREATE INDEX scim_users_external ON public.scim_users USING btree (org_uid, external_id);
CREATE UNIQUE INDEX scim_users_name ON public.scim_users USING btree (org_uid, lower(user_name));
CREATE UNIQUE INDEX scim_users_pkey ON public.scim_users USING btree (org_uid, user_uid);
CREATE INDEX service_account_tokens_account ON public.service_account_tokens USING btree (org_uid, service_account_uid);
CREATE UNIQUE INDEX service_account_tokens_hash_key ON public.service_account_tokens USING btree (hash);
CREATE UNIQUE INDEX service_account_tokens_pkey ON public.service_account_tokens USING btree (org_uid, uid);
CREATE UNIQUE INDEX service_accounts_pkey ON public.service_accounts USING btree (org_uid, uid);
CREATE INDEX service_accounts_team ON public.service_accounts USING btree (org_uid, team_uid);
CREATE INDEX sessions_expires ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_idp_session ON public.sessions USING btree (issuer, idp_session);
CREATE INDEX sessions_of_user ON public.sessions USING btree (user_uid);
CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (hash);
CREATE UNIQUE INDEX sessions_uid_key ON public.sessions USING btree (uid);
CREATE INDEX sessions_user ON public.sessions USING btree (org_uid, user_uid);
CREATE UNIQUE INDEX shards_pkey ON public.shards USING btree (org_uid, data_source_uid, name);
CREATE UNIQUE INDEX slow_queries_pkey ON public.slow_queries USING btree (org_uid, uid);
CREATE INDEX slow_queries_seconds ON public.slow_queries USING btree (org_uid, seconds DESC);
CREATE UNIQUE INDEX team_members_pkey ON public.team_members USING btree (org_uid, team_uid, user_uid, source);
CREATE INDEX team_members_user ON public.team_members USING btree (org_uid, user_uid);
CREATE INDEX teams_idp_groups ON public.teams USING gin (idp_groups);
CREATE UNIQUE INDEX teams_pkey ON public.teams USING btree (org_uid, uid);
CREATE INDEX tenants_org ON public.tenants USING btree (org_uid);
CREATE UNIQUE INDEX tenants_pkey ON public.tenants USING btree (value);
CREATE UNIQUE INDEX upstream_claims_pkey ON public.upstream_claims USING btree (address, org_uid, tenant_label);
CREATE UNIQUE INDEX users_pkey ON public.users USING btree (uid);

-- Row-level security

policy org_only on access_requests for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy append on audit_checkpoint_heads for INSERT to public using () with check (app_audit_all());
policy org_or_all on audit_checkpoint_heads for SELECT to public using (((org_uid = app_org()) OR app_audit_all()));
policy derived on audit_counts for ALL to gatehouse_definer using (true) with check (true);
policy org_or_all on audit_counts for SELECT to public using (((org_uid = app_org()) OR app_audit_all()));
policy derived on audit_counts_hourly for ALL to gatehouse_definer using (true) with check (true);
policy org_or_all on audit_counts_hourly for SELECT to public using (((org_uid = app_org()) OR app_audit_all()));
policy append on audit_events for INSERT to public using () with check (true);
policy org_or_all on audit_events for SELECT to public using (((org_uid = app_org()) OR app_audit_all()));
policy search on audit_events for SELECT to gatehouse_definer using (true);
policy org_or_all on audit_export_chunks for ALL to public using (((org_uid = app_org()) OR app_audit_all())) with check (((org_uid = app_org()) OR app_audit_all()));
policy erase on audit_exports for ALL to gatehouse_definer using (true);
policy org_or_all on audit_exports for ALL to public using (((org_uid = app_org()) OR app_audit_all())) with check (((org_uid = app_org()) OR app_audit_all()));
policy derived on audit_heads for ALL to gatehouse_definer using (true) with check (true);
policy org_or_all on audit_heads for SELECT to public using (((org_uid = app_org()) OR app_audit_all()));
policy erase on audit_holds for SELECT to gatehouse_definer using (true);
policy org_or_all on audit_holds for ALL to public using (((org_uid = app_org()) OR app_audit_all())) with check (((org_uid = app_org()) OR app_audit_all()));
policy append on audit_identities for INSERT to public using () with check (true);
policy erase on audit_identities for ALL to gatehouse_definer using (true) with check (true);
policy org_or_all on audit_identities for SELECT to public using (((org_uid = app_org()) OR app_audit_all()));
policy org_or_all on audit_label_values for ALL to public using (((org_uid = app_org()) OR app_audit_all())) with check (((org_uid = app_org()) OR app_audit_all()));
policy all_only on audit_sink_positions for ALL to public using (app_audit_all()) with check (app_audit_all());
policy append on audit_tombstones for INSERT to public using () with check (app_audit_all());
policy org_or_all on audit_tombstones for SELECT to public using (((org_uid = app_org()) OR app_audit_all()));
policy org_or_all on audit_verification_jobs for ALL to public using (((org_uid = app_org()) OR app_audit_all())) with check (((org_uid = app_org()) OR app_audit_all()));
policy append on audit_verifications for INSERT to public using () with check (app_audit_all());
policy org_or_all on audit_verifications for SELECT to public using (((org_uid = app_org()) OR app_audit_all()));
policy org_or_all on audit_views for ALL to public using (((org_uid = app_org()) OR app_audit_all())) with check (((org_uid = app_org()) OR app_audit_all()));
policy lookups on break_glass for ALL to gatehouse_definer using (true);
policy org_only on break_glass for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on dashboard_versions for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on dashboards for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on data_sources for SELECT to gatehouse_definer using (true);
policy org_only on data_sources for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on folders for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on grants for ALL to gatehouse_definer using (true);
policy org_only on grants for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on guardrails for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on idempotency_keys for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on identities for ALL to gatehouse_definer using (true) with check (true);
policy members_only on identities for ALL to gatehouse_app using (((EXISTS ( SELECT
   FROM memberships m
  WHERE (((m.user_uid)::text = (identities.user_uid)::text) AND ((m.org_uid)::text = app_org())))) AND (NOT (EXISTS ( SELECT
   FROM invitations i
  WHERE ((i.user_uid = (identities.user_uid)::text) AND (i.org_uid = app_org())))))));
policy definer_reads on invitations for SELECT to gatehouse_definer using (true);
policy org_only on invitations for ALL to gatehouse_app using ((org_uid = app_org())) with check ((org_uid = app_org()));
policy lookups on local_admin_codes for ALL to gatehouse_definer using (true) with check (true);
policy org_only on local_admin_codes for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on memberships for ALL to gatehouse_definer using (true) with check (true);
policy org_only on memberships for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on noted_endings for ALL to gatehouse_definer using (true);
policy org_only on noted_endings for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on notices for ALL to gatehouse_definer using (true) with check (true);
policy org_only on notices for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on orgs for ALL to gatehouse_definer using (true) with check (true);
policy org_only on orgs for ALL to gatehouse_app using (((uid)::text = app_org())) with check (((uid)::text = app_org()));
policy lookups on policy_history for ALL to gatehouse_definer using (true) with check (true);
policy org_only on policy_history for SELECT to gatehouse_app using (((org_uid)::text = app_org()));
policy lookups on provisioning_tokens for ALL to gatehouse_definer using (true) with check (true);
policy org_only on provisioning_tokens for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on query_statistics for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on query_stops for ALL to gatehouse_definer using (true) with check (true);
policy org_only on query_stops for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on rehearsals for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on released_tenants for ALL to gatehouse_definer using (true) with check (true);
policy lookups on replicas for SELECT to gatehouse_definer using (true);
policy org_only on replicas for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on roles for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on running_queries for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on scim_group_members for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on scim_groups for SELECT to gatehouse_definer using (true);
policy org_only on scim_groups for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on scim_left for SELECT to gatehouse_definer using (true);
policy org_only on scim_left for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on scim_users for SELECT to gatehouse_definer using (true);
policy org_only on scim_users for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on service_account_tokens for ALL to gatehouse_definer using (true) with check (true);
policy org_only on service_account_tokens for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on service_accounts for ALL to gatehouse_definer using (true) with check (true);
policy org_only on service_accounts for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on sessions for ALL to gatehouse_definer using (true) with check (true);
policy org_only on sessions for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on shards for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on slow_queries for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on team_members for ALL to gatehouse_definer using (true) with check (true);
policy org_only on team_members for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on teams for ALL to gatehouse_definer using (true) with check (true);
policy org_only on teams for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy org_only on tenants for ALL to gatehouse_app using (((org_uid)::text = app_org())) with check (((org_uid)::text = app_org()));
policy lookups on upstream_claims for ALL to gatehouse_definer using (true) with check (true);
policy lookups on users for ALL to gatehouse_definer using (true) with check (true);
policy members_only on users for ALL to gatehouse_app using (((EXISTS ( SELECT
   FROM memberships m
  WHERE (((m.user_uid)::text = (users.uid)::text) AND ((m.org_uid)::text = app_org())))) AND (NOT (EXISTS ( SELECT
   FROM invitations i
  WHERE ((i.user_uid = (users.uid)::text) AND (i.org_uid = app_org())))))));

-- Functions

CREATE OR REPLACE FUNCTION public.app_audit_all()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select coalesce(current_setting('app.audit', true) = 'all', false) $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.app_org()
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select nullif(current_setting('app.org', true), '') $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_added()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  begin
    insert into public.audit_heads as h (writer, org_uid, seq, hash, at)
      select distinct on (a.writer, a.org_uid) a.writer, a.org_uid, a.seq, a.hash, a.at
      from added a order by a.writer, a.org_uid, a.seq desc
      on conflict (writer, org_uid) do update
        set seq = excluded.seq, hash = excluded.hash, at = excluded.at, received_at = now()
        where h.seq < excluded.seq;
    insert into public.audit_counts as c (minute, org_uid, writer, class, result, events)
      select date_trunc('minute', a.at, 'UTC'), a.org_uid, a.writer, a.class, a.result, count(*)
      from added a group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
      on conflict (org_uid, minute, writer, class, result) do update set events = c.events + excluded.events;
    insert into public.audit_counts_hourly as c (hour, org_uid, writer, class, result, events)
      select date_trunc('hour', a.at, 'UTC'), a.org_uid, a.writer, a.class, a.result, count(*)
      from added a group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
      on conflict (org_uid, hour, writer, class, result) do update set events = c.events + excluded.events;
    return null;
  end
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.audit_class(code text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select case left(code, 1) when 'Q' then 'query' when 'V' then 'query' when 'L' then 'identity' else 'change' end $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_conditions()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select $c$
  ($1::text is null or e.org_uid = $1)
  and ($2::timestamptz is null or e.at >= $2)
  and ($3::timestamptz is null or e.at < $3)
  and ($4::text[] is null or e.actor_ref = any($4))
  and ($5::text is null or e.action = $5)
  and ($6::text[] is null or e.result = any($6))
  and ($6::text[] is null or 'allowed' = any($6) or e.result <> 'allowed')
  and ($7::text[] is null or e.class = any($7))
  and ($8::text[] is null or e.code = any($8))
  and ($9::text is null or e.data_source = $9)
  and ($10::text is null or e.metrics @> array[$10])
  and ($11::text is null or e.dashboard = $11)
  and ($12::text is null or e.token_id = $12)
  and ($13::text is null or audit_key(e.event #>> '{from,address}') = $13)
  and ($14::float8 is null or (e.event #>> '{outcome,durationMs}')::float8 >= $14)
  and ($15::bigint is null or (e.event #>> '{outcome,bytes}')::bigint >= $15)
  and ($16::tsquery is null or e.words @@ $16 or e.actor_ref = any($17::text[]))$c$ $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_count(v jsonb, width_seconds double precision, by_match boolean, at_most integer)
 RETURNS TABLE(at timestamp with time zone, class text, result text, events bigint)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'on'
 SET enable_indexscan TO 'on'
 SET random_page_cost TO '1.1'
 SET work_mem TO '32MB'
AS $function$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  if by_match then
    perform set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true);
  end if;
  return query execute
    'select date_bin(make_interval(secs => $18), f.at, timestamptz ''2000-01-03 00:00:00Z''), f.class, f.result, count(*)
     from (select e.at, e.class, e.result from audit_events e where ' || audit_conditions() || ' limit $19) f group by 1, 2, 3'
    using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'), width_seconds, at_most;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.audit_erase(person text, within text)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  declare
    erased int;
  begin
    if within is null and not public.app_audit_all() or within is distinct from public.app_org() and not public.app_audit_all() then
      raise exception 'not in this org' using errcode = 'insufficient_privilege';
    end if;
    if exists (select from public.audit_holds h
      where h.released_at is null and (within is null or h.org_uid is null or h.org_uid = within))
    then
      raise exception 'a legal hold is in force: nobody is erased until it is released' using errcode = 'GH425';
    end if;
    update public.audit_identities
      set uid = null, name = null, issuer = null, subject = null, salt = null, erased_at = now()
      where uid = person and (within is null or org_uid = within) and erased_at is null;
    get diagnostics erased = row_count;
    delete from public.sessions s where s.user_uid = person and (within is null or s.org_uid = within);
    delete from public.audit_exports x
      where x.state <> 'queued' and (within is null or x.org_uid is null or x.org_uid = within);
    return erased;
  end
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.audit_estimate(v jsonb, width_seconds double precision, sample double precision)
 RETURNS TABLE(at timestamp with time zone, class text, result text, events double precision)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET random_page_cost TO '1.1'
AS $function$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
  there double precision;
  part double precision;
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  select sum(greatest(c.reltuples, 0)) into there from pg_class c
    where c.relkind = 'r' and c.relname ~ '^audit_events_\d{4}_\d{2}_'
      and substr(c.relname, 14, 7) between to_char((v ->> 1)::timestamptz at time zone 'UTC', 'YYYY_MM')
        and to_char((v ->> 2)::timestamptz at time zone 'UTC', 'YYYY_MM');
  part := least(100, 100 * sample / greatest(coalesce(there, 0), 1));
  return query execute
    'select date_bin(make_interval(secs => $18), e.at, timestamptz ''2000-01-03 00:00:00Z''), e.class, e.result,
       round(count(*) * 100 / $19)
     from audit_events e tablesample system ($19) repeatable (1) where ' || audit_conditions() || ' group by 1, 2, 3'
    using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'), width_seconds, part;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.audit_find(v jsonb, by_match boolean, newest_first boolean, after_at timestamp with time zone, after_id uuid, at_most integer)
 RETURNS TABLE(at timestamp with time zone, id uuid, hash bytea)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'on'
 SET enable_indexscan TO 'on'
 SET enable_indexonlyscan TO 'on'
 SET random_page_cost TO '1.1'
AS $function$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
  direction text := case when newest_first then 'desc' else 'asc' end;
  passed text := format('($18::timestamptz is null or (e.at, e.id) %s ($18, $19::uuid))', case when newest_first then '<' else '>' end);
  query text;
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  query := 'select e.at, e.id, e.hash from audit_events e where ' || audit_conditions() || ' and ' || passed;
  if by_match then
    perform set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
      set_config('enable_indexonlyscan', 'off', true);
    query := format('select * from (%s limit $20) f order by 1 %s, 2 %2$s', query, direction);
  else
    query := format('%s order by e.at %s, e.id %2$s limit $20', query, direction);
  end if;
  return query execute query using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'),
    after_at, after_id, at_most;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.audit_find_recent(v jsonb, newest_first boolean, after_at timestamp with time zone, after_id uuid, at_most integer, look_at integer)
 RETURNS TABLE(at timestamp with time zone, id uuid, hash bytea)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET random_page_cost TO '1.1'
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_sort TO 'off'
AS $function$
declare
  org text := case when app_audit_all() then v ->> 0 else app_org() end;
  direction text := case when newest_first then 'desc' else 'asc' end;
  passed text := format('($18::timestamptz is null or (e.at, e.id) %s ($18, $19::uuid))', case when newest_first then '<' else '>' end);
begin
  if org is null and not app_audit_all() then
    return;
  end if;
  return query execute format(
    'select e.at, e.id, e.hash from (select * from audit_events e
       where ($1::text is null or e.org_uid = $1) and ($2::timestamptz is null or e.at >= $2) and ($3::timestamptz is null or e.at < $3)
         and %s order by e.at %s, e.id %2$s limit $21) e
     where %s order by e.at %2$s, e.id %2$s limit $20', passed, direction, audit_conditions())
    using org, (v ->> 1)::timestamptz, (v ->> 2)::timestamptz, audit_texts(v -> 3), v ->> 4,
    audit_texts(v -> 5), audit_texts(v -> 6), audit_texts(v -> 7), v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12,
    (v ->> 13)::float8, (v ->> 14)::bigint, (v ->> 15)::tsquery, coalesce(audit_texts(v -> 16), '{}'),
    after_at, after_id, at_most, look_at;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.audit_head(chain_writer text, chain_org text)
 RETURNS TABLE(seq bigint, hash text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  entered text := coalesce(current_setting('app.audit', true), '');
begin
  perform pg_advisory_xact_lock(hashtextextended('audit chain ' || chain_writer || ' ' || coalesce(chain_org, ''), 0));
  perform set_config('app.audit', 'all', true);
  return query select h.seq, encode(h.hash, 'hex') from public.audit_heads h
    where h.writer = chain_writer and h.org_uid is not distinct from chain_org;
  perform set_config('app.audit', entered, true);
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_key(value text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select left(value, 200) $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_keys(list jsonb)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select coalesce(array_agg(distinct left(value, 200)), '{}') from jsonb_array_elements_text(list) $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_make_partitions(month timestamp with time zone, ahead integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  first date := date_trunc('month', month)::date;
  name text;
  class text;
begin
  if ahead not between 0 and 24 or extract(year from first) not between 1970 and 2999 then
    raise exception 'no partition for %', month using errcode = 'invalid_parameter_value';
  end if;
  for i in 0 .. ahead loop
    name := 'audit_events_' || to_char(first, 'YYYY_MM');
    foreach class in array array['query', 'identity', 'change'] loop
      continue when to_regclass(format('public.%I', name || '_' || class)) is not null;
      perform pg_advisory_xact_lock(hashtextextended('audit partitions', 0));
      continue when to_regclass(format('public.%I', name || '_' || class)) is not null;
      if to_regclass(format('public.%I', name)) is null then
        execute format('create table public.%I partition of public.audit_events for values from (%L) to (%L) partition by list (class)',
          name, first::timestamptz, (first + interval '1 month')::timestamptz);
      end if;
      execute format('create table public.%I partition of public.%I for values in (%L)', name || '_' || class, name, class);
      execute format('create trigger append_only_truncate before truncate on public.%I
        for each statement execute function public.audit_refuse_change()', name || '_' || class);
    end loop;
    first := (first + interval '1 month')::date;
  end loop;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_sealed()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update public.audit_heads h set sealed_seq = s.seq
    from sealed s where h.writer = s.writer and h.org_uid is not distinct from s.org_uid and h.sealed_seq < s.seq;
  return null;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.audit_text(VARIADIC parts text[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select array_to_string(parts, ' ') $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_texts(list jsonb)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select case jsonb_typeof(list) when 'array' then array(select jsonb_array_elements_text(list)) end $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.audit_words(value text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    select array_to_tsvector(array_remove(regexp_split_to_array(
      regexp_replace(lower(left(value, 8000)), '[[:alnum:]_]{65,}', ' ', 'g'), '[^[:alnum:]_]+'), ''))
  $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.begin_session_check(wanted text)
 RETURNS TABLE(org_uid text, uid text, user_uid text, issuer text, subject text, sealed text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    update public.sessions s set checking_at = now()
    where s.hash = wanted and s.revoked_at is null and s.sealed is not null and public.session_end(s) > now()
      and s.checked_at + s.check_every <= now()
      and (s.checking_at is null or s.checking_at < now() - interval '30 seconds')
    returning s.org_uid, s.uid, s.user_uid, s.issuer, s.subject, s.sealed
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.bump_data_source_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  new.version := old.version + 1;
  return new;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.bump_own_policy_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  new.policy_version := old.policy_version + 1;
  return new;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.bump_policy_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update public.orgs set policy_version = policy_version + 1 where uid in (select org_uid from changed);
  return null;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.bump_policy_version_of_user()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update public.orgs set policy_version = policy_version + 1
    where uid in (select m.org_uid from public.memberships m where m.user_uid = new.uid);
  return null;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.came_to(wanted_org text, wanted_user text)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select exists (select from public.memberships m where m.org_uid = wanted_org and m.user_uid = wanted_user)
      and not exists (select from public.invitations i where i.org_uid = wanted_org and i.user_uid = wanted_user)
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.check_folder_tree()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  above text := new.parent_uid;
  depth int := 1;
begin
  perform pg_advisory_xact_lock(hashtextextended('folders ' || new.org_uid, 0));
  while above is not null loop
    depth := depth + 1;
    if above = new.uid or depth > 16 then
      raise exception 'folder % would be inside itself or deeper than 16 levels', new.uid
        using errcode = 'check_violation', constraint = 'folders_tree';
    end if;
    select f.parent_uid into above from folders f where f.org_uid = new.org_uid and f.uid = above;
  end loop;
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.check_managed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  manager text;
begin
  -- What follows from a change elsewhere (a cascade) is not decided here.
  if pg_trigger_depth() = 1 and current_setting('app.managed_by', true) is distinct from 'files' then
    select o.managed into manager from orgs o where o.uid = app_org() for no key update;
    if manager = 'files' then
      raise exception 'the access of this org is declared in files' using errcode = 'GH409';
    end if;
  end if;
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.check_managed_row()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  manager text;
begin
  if pg_trigger_depth() = 1 and current_setting('app.managed_by', true) is distinct from 'files' then
    select o.managed into manager from orgs o where o.uid = app_org() for no key update;
    if manager = 'files' then
      raise exception 'the access of this org is declared in files' using errcode = 'GH409';
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.check_role_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if new.version < old.version or new.version = old.version and new.permissions <> old.permissions then
    raise exception 'other permissions need a higher version of % than %', old.name, old.version using errcode = 'GH426';
  end if;
  return new;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.claim_upstreams()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
  source text := coalesce(to_jsonb(new) ->> 'data_source_uid', to_jsonb(new) ->> 'uid');
  is_file boolean := current_setting('app.managed_by', true) is not distinct from 'files';
  mine record;
begin
  -- Two orgs that attach one server at the same moment would not see each other.
  perform pg_advisory_xact_lock(hashtextextended('upstream claims', 0));
  for mine in
    select address, tenant_label from reached_upstreams where org_uid = new.org_uid and data_source_uid = source
  loop
    if exists (
      select from reached_upstreams o
      where o.address = mine.address and o.org_uid <> new.org_uid and o.tenant_label <> mine.tenant_label
    ) or not is_file and exists (
      select from upstream_claims c
      where c.address = mine.address and c.org_uid <> new.org_uid and c.tenant_label <> mine.tenant_label
    ) then
      raise exception 'another org reaches % through another tenant label', mine.address using errcode = 'GH423';
    end if;
    delete from upstream_claims c
      where c.address = mine.address and c.org_uid <> new.org_uid and c.tenant_label <> mine.tenant_label;
    insert into upstream_claims (address, org_uid, tenant_label) values (mine.address, new.org_uid, mine.tenant_label)
      on conflict do nothing;
  end loop;
  return null;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.contested_data_sources(wanted_org text)
 RETURNS TABLE(uid text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select distinct mine.data_source_uid::text from reached_upstreams mine join reached_upstreams other
      on other.address = mine.address and other.org_uid <> mine.org_uid and other.tenant_label <> mine.tenant_label
    where mine.org_uid = wanted_org
    order by 1
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.end_member_session(wanted text, wanted_user text)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    with done as (
      update public.sessions s set revoked_at = now()
      where s.uid = wanted and s.revoked_at is null
        and (wanted_user is null or s.user_uid = wanted_user)
        and public.came_to(public.app_org(), s.user_uid)
      returning 1)
    select exists (select from done)
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.end_session_check(wanted text, new_sealed text, vouched boolean)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    update public.sessions s set sealed = new_sealed,
      checked_at = case when vouched then now() else s.checked_at end,
      checking_at = case when vouched then null else s.checking_at end
    where s.hash = wanted and s.checking_at is not null
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.end_share_links()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  delete from service_accounts a where a.org_uid = new.uid and a.origin = 'share-link';
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.extend_session(wanted text)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    with done as (
      update public.sessions s set last_seen_at = greatest(s.last_seen_at, now())
      where s.hash = wanted and s.revoked_at is null and public.session_end(s) > now()
      returning 1)
    select exists (select from done)
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.find_invitations(wanted_user text)
 RETURNS TABLE(org_uid text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select i.org_uid from public.invitations i
    join public.memberships m on m.org_uid = i.org_uid and m.user_uid = i.user_uid
    where i.user_uid = wanted_user and not m.disabled
    order by i.org_uid
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.find_memberships(wanted_user text)
 RETURNS TABLE(org_uid text, source text, manual_teams text[], sso_teams text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select m.org_uid, m.source,
      coalesce(array_agg(distinct t.team_uid::text order by t.team_uid::text) filter (where t.source <> 'sso'), '{}'),
      coalesce(array_agg(t.team_uid::text order by t.team_uid) filter (where t.source = 'sso'), '{}')
    from public.memberships m
    left join public.team_members t on t.org_uid = m.org_uid and t.user_uid = m.user_uid
    where m.user_uid = wanted_user and not m.disabled
      and not exists (select from public.invitations i where i.org_uid = m.org_uid and i.user_uid = m.user_uid)
    group by m.org_uid, m.source
    order by m.org_uid
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.find_provisioning_token(wanted text)
 RETURNS TABLE(org_uid text, uid text, name text, issuer text, subject_from text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    update public.provisioning_tokens t
      set last_used_at = case when t.last_used_at > now() - interval '1 minute' then t.last_used_at else now() end
      where t.hash = wanted and t.revoked_at is null and t.expires_at > now()
      returning t.org_uid::text, t.uid::text, t.name, t.issuer, t.subject_from
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.find_sealed(wanted text)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select s.sealed from public.sessions s where s.hash = wanted and s.revoked_at is null $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.find_session(wanted text)
 RETURNS TABLE(org_uid text, uid text, user_uid text, user_name text, issuer text, subject text, ends_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select s.org_uid, s.uid, s.user_uid, u.name, s.issuer, s.subject, public.session_end(s)
    from public.sessions s
    join public.users u on u.uid = s.user_uid
    where s.hash = wanted and s.revoked_at is null and not u.disabled and public.session_end(s) > now()
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.find_teams_of_groups(wanted_issuer text, wanted_groups text[], wanted_user text)
 RETURNS TABLE(org_uid text, team_uid text, idp_groups text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
      select t.org_uid, t.uid, array_agg(distinct g.name order by g.name)
      from public.teams t
      join public.orgs o on o.uid = t.org_uid
      join unnest(wanted_groups) g (name) on g.name = any (t.idp_groups)
      where t.idp_groups && wanted_groups
        and (o.issuers is null or wanted_issuer = any (o.issuers))
        -- Of provisioned people, pushed groups count as pushed only.
        and not (
          exists (select from public.scim_users u where u.org_uid = t.org_uid and u.user_uid = wanted_user)
          and exists (select from public.scim_groups s where s.org_uid = t.org_uid and s.display_name = g.name))
        and not exists (
          select from public.scim_left l
          join public.provisioning_tokens p on p.org_uid = l.org_uid
            and p.issuer = wanted_issuer and p.revoked_at is null and p.expires_at > now()
          where l.org_uid = t.org_uid and l.user_uid = wanted_user)
        and not exists (
          select from public.memberships m where m.org_uid = t.org_uid and m.user_uid = wanted_user and m.disabled)
      group by t.org_uid, t.uid
      order by t.org_uid, t.uid
    $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.find_token(wanted text)
 RETURNS TABLE(org_uid text, uid text, service_account_uid text, name text, team_uid text, source_cidrs text[], expires_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select t.org_uid, t.uid, t.service_account_uid, a.name, a.team_uid, t.source_cidrs::text[], t.expires_at
    from public.service_account_tokens t
    join public.service_accounts a on a.org_uid = t.org_uid and a.uid = t.service_account_uid
    where t.hash = wanted and t.revoked_at is null and t.expires_at > now() and not a.disabled
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.find_user(wanted_issuer text, wanted_subject text)
 RETURNS TABLE(uid text, name text, disabled boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select u.uid, u.name, u.disabled from public.identities i join public.users u on u.uid = i.user_uid
    where i.issuer = wanted_issuer and i.subject = wanted_subject
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.follow_issuers()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  delete from team_members m
    where m.org_uid = new.uid and m.source = 'sso' and not exists (
      select from identities i where i.user_uid = m.user_uid and i.issuer = any (new.issuers));
  -- Who was here by groups only signs in anew, which settles whether they still belong here.
  update sessions s set revoked_at = now()
    where s.org_uid = new.uid and s.revoked_at is null and s.issuer <> all (new.issuers)
      and exists (select from memberships m where m.org_uid = s.org_uid and m.user_uid = s.user_uid and m.source = 'sso')
      and not exists (select from team_members t where t.org_uid = s.org_uid and t.user_uid = s.user_uid);
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.follow_team_groups()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  insert into team_members (org_uid, team_uid, user_uid, source, idp_groups)
    select t.org_uid, t.uid, m.user_uid, 'sso', array_agg(distinct g.name order by g.name)
    from changed t
    join team_members m on m.org_uid = t.org_uid and m.source = 'sso'
    cross join lateral unnest(m.idp_groups) g (name)
    where t.org_uid = app_org() and g.name = any (t.idp_groups)
    group by t.org_uid, t.uid, m.user_uid
    on conflict (org_uid, team_uid, user_uid, source) do update set idp_groups = excluded.idp_groups
      where team_members.idp_groups is distinct from excluded.idp_groups;
  if tg_op = 'UPDATE' then
    -- Those of whom it was not kept which group it was go with any group that goes.
    delete from team_members m using changed t, was w
      where m.org_uid = app_org() and t.org_uid = m.org_uid and t.uid = m.team_uid and w.org_uid = t.org_uid and w.uid = t.uid
        and m.source = 'sso' and not (w.idp_groups <@ t.idp_groups) and not (m.idp_groups && t.idp_groups);
  end if;
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.keep_policy_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  execute format(
    'insert into policy_history (org_uid, table_name, key, content) select c.%I, %L, concat_ws(''/'', %s), %s from changed c
     where exists (select from orgs o where o.uid = c.%1$I)',
    case tg_table_name when 'orgs' then 'uid' else 'org_uid' end, tg_table_name,
    (select string_agg(format('c.%I', k), ', ') from unnest(tg_argv) k),
    case tg_op when 'DELETE' then 'null' else 'to_jsonb(c)' end);
  return null;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.keep_user_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  if tg_table_name = 'memberships' then
    insert into policy_history (org_uid, table_name, key, content)
      select new.org_uid, 'users', u.uid, jsonb_build_object('uid', u.uid, 'disabled', u.disabled)
      from users u where u.uid = new.user_uid;
  else
    insert into policy_history (org_uid, table_name, key, content)
      select m.org_uid, 'users', new.uid, jsonb_build_object('uid', new.uid, 'disabled', new.disabled)
      from memberships m where m.user_uid = new.uid;
  end if;
  return null;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.member_sessions(wanted_user text)
 RETURNS TABLE(uid text, org_uid text, user_uid text, address text, user_agent text, created_at timestamp with time zone, last_seen_at timestamp with time zone, ends_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select s.uid, s.org_uid, s.user_uid, host(s.address), s.user_agent, s.created_at, s.last_seen_at, public.session_end(s)
    from public.sessions s
    where s.user_uid in (select m.user_uid from public.memberships m where m.org_uid = public.app_org())
      and (wanted_user is null or s.user_uid = wanted_user)
      and public.came_to(public.app_org(), s.user_uid)
      and s.revoked_at is null and public.session_end(s) > now()
    order by s.last_seen_at desc, s.uid
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.move_sessions()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  declare
    other text;
  begin
    select m.org_uid into other from public.memberships m
      where m.user_uid = old.user_uid and m.org_uid <> old.org_uid
        and not exists (select from public.invitations i where i.org_uid = m.org_uid and i.user_uid = m.user_uid)
      order by m.disabled, m.org_uid limit 1 for key share of m skip locked;
    if other is not null then
      update public.sessions s set org_uid = other where s.org_uid = old.org_uid and s.user_uid = old.user_uid;
    end if;
    return old;
  end
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.notify_policy_version()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform pg_notify('gatehouse_policy_version', case tg_op when 'DELETE' then old.uid else new.uid end);
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.notify_query_stops()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform pg_notify('gatehouse_queries', '');
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.orgs_with_endings()
 RETURNS SETOF text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select g.org_uid::text from public.grants g
      where g.expires_at <= now() and g.expires_at > now() - interval '7 days' and not exists (
        select from public.noted_endings n
        where n.org_uid = g.org_uid and n.grant_uid = g.uid and n.expires_at = g.expires_at)
    union
    select b.org_uid::text from public.break_glass b
      where coalesce(b.closed_at, b.expires_at) > now() - interval '10 minutes'
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.policy_versions()
 RETURNS TABLE(org_uid text, version text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select o.uid, o.policy_version::text from public.orgs o $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.prune_sessions(ended_before timestamp with time zone)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    with done as (
      delete from public.sessions s where s.expires_at < ended_before or s.revoked_at < ended_before returning 1)
    select count(*)::int from done
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.query_stops_in_force()
 RETURNS TABLE(org_uid text, uid text, kind text, value text, reason text, expires_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select s.org_uid, s.uid, s.kind, s.value, s.reason, s.expires_at from public.query_stops s
    where s.expires_at is null or s.expires_at > now()
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.reached_by_others(wanted_org text, wanted_label text)
 RETURNS TABLE(address text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select distinct r.address from reached_upstreams r where r.org_uid <> wanted_org and r.tenant_label <> wanted_label
    order by 1
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.recognise_user(new_uid text, new_issuer text, new_subject text, new_name text, new_email text)
 RETURNS TABLE(uid text, name text, disabled boolean, created boolean)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  found_uid text;
begin
  perform pg_advisory_xact_lock(hashtextextended('identity ' || new_issuer || ' ' || new_subject, 0));
  select i.user_uid into found_uid from public.identities i where i.issuer = new_issuer and i.subject = new_subject;
  if found_uid is null then
    insert into public.users (uid, name, email) values (new_uid, new_name, new_email);
    insert into public.identities (issuer, subject, user_uid) values (new_issuer, new_subject, new_uid);
    return query select new_uid, new_name, false, true;
  else
    update public.users u set name = new_name, email = new_email
      where u.uid = found_uid and (u.name, u.email) is distinct from (new_name, new_email);
    return query select u.uid::text, u.name, u.disabled, false from public.users u where u.uid = found_uid;
  end if;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.refuse_released_tenant()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  if current_setting('app.managed_by', true) is distinct from 'files'
    and exists (select from released_tenants r where r.value = new.value and r.org_uid <> new.org_uid)
  then
    raise exception 'the tenant % was another org’s; only access files move it', new.value using errcode = 'GH424';
  end if;
  delete from released_tenants r where r.value = new.value;
  return new;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.refuse_retired_org()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from public.retired_orgs r where r.uid = new.uid) then
    raise exception 'the uid of a deleted org' using errcode = 'GH410';
  end if;
  return new;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.release_tenant()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  insert into released_tenants (value, org_uid) values (old.value, old.org_uid)
    on conflict (value) do update set org_uid = excluded.org_uid, released_at = now();
  return null;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.retire_org()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into public.retired_orgs (uid) values (old.uid) on conflict do nothing;
  return null;
end
$function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.revoke_session(wanted text)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    with done as (update public.sessions s set revoked_at = now() where s.hash = wanted and s.revoked_at is null returning 1)
    select exists (select from done)
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.revoke_sessions_of(wanted_issuer text, wanted_subject text, wanted_idp_session text, opened_before timestamp with time zone)
 RETURNS TABLE(org_uid text, uid text, user_uid text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    update public.sessions s set revoked_at = now()
    where s.issuer = wanted_issuer and s.revoked_at is null and s.created_at < opened_before
      and (wanted_subject is not null or wanted_idp_session is not null)
      and (wanted_subject is null or s.subject = wanted_subject)
      and (wanted_idp_session is null or s.idp_session = wanted_idp_session or s.idp_session is null and wanted_subject is not null)
    returning s.org_uid::text, s.uid::text, s.user_uid::text
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.session_end(s sessions)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ select least(s.expires_at, s.last_seen_at + s.idle_timeout, s.checked_at + s.check_within) $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.session_ends(wanted text)
 RETURNS TABLE(uid text, idle_ends_at timestamp with time zone, ends_at timestamp with time zone, vouched_until timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    select s.uid, s.last_seen_at + s.idle_timeout, s.expires_at,
      -- Until it is due, the next answer is to be expected in time.
      case when s.checked_at + s.check_every <= now() then s.checked_at + s.check_within end
    from public.sessions s join public.users u on u.uid = s.user_uid
    where s.hash = wanted and s.revoked_at is null and not u.disabled and public.session_end(s) > now()
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.sync_scim_teams()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  -- Also what a sign-in gave of teams that pushed groups decide about.
  delete from team_members m
    where m.org_uid = app_org() and not exists (
      select from scim_group_members g
      join scim_groups s on s.org_uid = g.org_uid and s.uid = g.group_uid
      join teams t on t.org_uid = g.org_uid and t.uid = m.team_uid and s.display_name = any (t.idp_groups)
      where g.org_uid = m.org_uid and g.user_uid = m.user_uid)
    and (m.source = 'scim' or m.source = 'sso' and exists (
      select from scim_users u
      join scim_groups s on s.org_uid = u.org_uid
      join teams t on t.org_uid = u.org_uid and t.uid = m.team_uid and s.display_name = any (t.idp_groups)
      where u.org_uid = m.org_uid and u.user_uid = m.user_uid));
  insert into team_members (org_uid, team_uid, user_uid, source, idp_groups)
    select g.org_uid, t.uid, g.user_uid, 'scim', array_agg(distinct s.display_name order by s.display_name)
    from scim_group_members g
    join scim_groups s on s.org_uid = g.org_uid and s.uid = g.group_uid
    join teams t on t.org_uid = g.org_uid and s.display_name = any (t.idp_groups)
    where g.org_uid = app_org()
    group by g.org_uid, t.uid, g.user_uid
    on conflict (org_uid, team_uid, user_uid, source) do update set idp_groups = excluded.idp_groups
      where team_members.idp_groups is distinct from excluded.idp_groups;
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.take_local_admin_code(wanted text)
 RETURNS TABLE(org_uid text, made_by text, reason text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    delete from public.local_admin_codes c where c.hash = wanted and c.expires_at > now()
    returning c.org_uid, c.made_by, c.reason
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.take_notices(at_most integer)
 RETURNS TABLE(org_uid text, uid text, channel text, target text, message jsonb, attempts integer)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    update public.notices n
      set attempts = n.attempts + 1, next_at = now() + least(interval '1 hour', interval '1 second' * 2 ^ least(n.attempts + 1, 12))
    from (
      select d.org_uid, d.uid from public.notices d
      where d.delivered_at is null and d.next_at <= now() and d.created_at > now() - interval '3 days'
      order by d.next_at limit at_most for update skip locked) due
    where n.org_uid = due.org_uid and n.uid = due.uid
    returning n.org_uid::text, n.uid::text, n.channel, n.target, n.message, n.attempts
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.touch_data_sources()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
  update data_sources d set version = version
    where (d.org_uid, d.uid) in (select c.org_uid, c.data_source_uid from changed c);
  return null;
end
$function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.touch_sessions(hashes text[], times timestamp with time zone[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    update public.sessions s set last_seen_at = u.at
    from unnest(hashes, times) u (hash, at)
    where s.hash = u.hash and s.revoked_at is null and s.last_seen_at < u.at
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.touch_tokens(hashes text[], times timestamp with time zone[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    update public.service_account_tokens t set last_used_at = u.at
    from unnest(hashes, times) u (hash, at)
    where t.hash = u.hash and (t.last_used_at is null or t.last_used_at < u.at)
  $function$

-- owner gatehouse_definer;
CREATE OR REPLACE FUNCTION public.upstream_address(url text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
    select rtrim(lower(substring(url from '^https?://(\[[^]]*\]|[^/:]*)')), '.') || ':' || coalesce(
      substring(url from '^https?://(?:\[[^]]*\]|[^/:]*):0*([0-9]+)'), case when url like 'https:%' then '443' else '80' end)
  $function$

-- owner the migrating role;
CREATE OR REPLACE FUNCTION public.upstreams_of_others(wanted_org text, wanted_label text)
 RETURNS TABLE(address text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select distinct c.address from upstream_claims c where c.org_uid <> wanted_org and c.tenant_label <> wanted_label
    order by 1
  $function$

-- owner gatehouse_definer;

-- Views

view reached_upstreams [as its reader] as
 SELECT d.org_uid,
    d.uid AS data_source_uid,
    d.tenant_label,
    upstream_address(r.url) AS address
   FROM (data_sources d
     JOIN replicas r ON ((((r.org_uid)::text = (d.org_uid)::text) AND ((r.data_source_uid)::text = (d.uid)::text))))
UNION
 SELECT d.org_uid,
    d.uid AS data_source_uid,
    d.tenant_label,
    upstream_address(d.engine_url) AS address
   FROM data_sources d
  WHERE (d.engine_url IS NOT NULL)
UNION
 SELECT d.org_uid,
    d.uid AS data_source_uid,
    d.tenant_label,
    upstream_address(d.alertmanager_url) AS address
   FROM data_sources d
  WHERE (d.alertmanager_url IS NOT NULL);;

-- Triggers

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.audit_checkpoint_heads FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_checkpoint_heads FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER sealed AFTER INSERT ON public.audit_checkpoint_heads REFERENCING NEW TABLE AS sealed FOR EACH STATEMENT EXECUTE FUNCTION audit_sealed();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.audit_checkpoints FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER added AFTER INSERT ON public.audit_events REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_added();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.audit_key_rotations FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_key_rotations FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.audit_tombstones FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_tombstones FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER history_deleted AFTER DELETE ON public.dashboards REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.dashboards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.dashboards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER policy_deleted AFTER DELETE ON public.dashboards REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.dashboards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.dashboards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE CONSTRAINT TRIGGER claimed AFTER INSERT OR UPDATE OF tenant_label, alertmanager_url, engine_url ON public.data_sources DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION claim_upstreams();
CREATE TRIGGER data_source_version BEFORE UPDATE ON public.data_sources FOR EACH ROW EXECUTE FUNCTION bump_data_source_version();
CREATE TRIGGER history_deleted AFTER DELETE ON public.data_sources REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.data_sources REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.data_sources REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE ON public.data_sources FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.data_sources REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.data_sources REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.data_sources REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER folders_tree AFTER INSERT OR UPDATE OF parent_uid ON public.folders FOR EACH ROW WHEN ((new.parent_uid IS NOT NULL)) EXECUTE FUNCTION check_folder_tree();
CREATE TRIGGER history_deleted AFTER DELETE ON public.folders REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.folders REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.folders REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER managed_delete BEFORE DELETE ON public.folders FOR EACH ROW WHEN ((old.origin = 'policy'::text)) EXECUTE FUNCTION check_managed_row();
CREATE TRIGGER managed_update BEFORE UPDATE OF title, parent_uid ON public.folders FOR EACH ROW WHEN ((old.origin = 'policy'::text)) EXECUTE FUNCTION check_managed_row();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.folders REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.folders REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.folders REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER history_deleted AFTER DELETE ON public.grants REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.grants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.grants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE ON public.grants FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.grants REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.grants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.grants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER history_deleted AFTER DELETE ON public.guardrails REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.guardrails REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.guardrails REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE ON public.guardrails FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.guardrails REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.guardrails REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.guardrails REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.invitations REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.invitations REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER history_deleted AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('user_uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.memberships REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('user_uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.memberships REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('user_uid');
CREATE TRIGGER managed_delete BEFORE DELETE ON public.memberships FOR EACH ROW WHEN ((old.source = 'manual'::text)) EXECUTE FUNCTION check_managed_row();
CREATE TRIGGER managed_insert BEFORE INSERT OR UPDATE ON public.memberships FOR EACH ROW WHEN ((new.source = 'manual'::text)) EXECUTE FUNCTION check_managed_row();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.memberships REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.memberships REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER sessions_stay BEFORE DELETE ON public.memberships FOR EACH ROW EXECUTE FUNCTION move_sessions();
CREATE TRIGGER user_history AFTER INSERT ON public.memberships FOR EACH ROW EXECUTE FUNCTION keep_user_history();
CREATE TRIGGER history_deleted AFTER DELETE ON public.orgs REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.orgs REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.orgs REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER issuers_followed AFTER UPDATE OF issuers ON public.orgs FOR EACH ROW WHEN (((new.issuers IS NOT NULL) AND (old.issuers IS DISTINCT FROM new.issuers))) EXECUTE FUNCTION follow_issuers();
CREATE TRIGGER not_retired BEFORE INSERT ON public.orgs FOR EACH ROW EXECUTE FUNCTION refuse_retired_org();
CREATE TRIGGER policy_updated BEFORE UPDATE OF name, managed, platform, issuers ON public.orgs FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION bump_own_policy_version();
CREATE TRIGGER retired AFTER DELETE ON public.orgs FOR EACH ROW EXECUTE FUNCTION retire_org();
CREATE TRIGGER sharing_ended AFTER UPDATE OF public_sharing ON public.orgs FOR EACH ROW WHEN ((old.public_sharing AND (NOT new.public_sharing))) EXECUTE FUNCTION end_share_links();
CREATE TRIGGER version_changed AFTER INSERT OR DELETE OR UPDATE ON public.orgs FOR EACH ROW EXECUTE FUNCTION notify_policy_version();
CREATE TRIGGER stops_changed AFTER INSERT OR DELETE ON public.query_stops FOR EACH STATEMENT EXECUTE FUNCTION notify_query_stops();
CREATE CONSTRAINT TRIGGER claimed AFTER INSERT OR UPDATE OF url ON public.replicas DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION claim_upstreams();
CREATE TRIGGER data_source_deleted AFTER DELETE ON public.replicas REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_data_sources();
CREATE TRIGGER data_source_inserted AFTER INSERT ON public.replicas REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_data_sources();
CREATE TRIGGER data_source_updated AFTER UPDATE ON public.replicas REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_data_sources();
CREATE TRIGGER history_deleted AFTER DELETE ON public.replicas REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('data_source_uid', 'shard', 'name');
CREATE TRIGGER history_inserted AFTER INSERT ON public.replicas REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('data_source_uid', 'shard', 'name');
CREATE TRIGGER history_updated AFTER UPDATE ON public.replicas REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('data_source_uid', 'shard', 'name');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE ON public.replicas FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.replicas REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.replicas REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.replicas REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER history_deleted AFTER DELETE ON public.roles REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('name');
CREATE TRIGGER history_inserted AFTER INSERT ON public.roles REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('name');
CREATE TRIGGER history_updated AFTER UPDATE ON public.roles REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('name');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE ON public.roles FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.roles REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.roles REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.roles REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER version_grows BEFORE UPDATE OF version, permissions ON public.roles FOR EACH ROW EXECUTE FUNCTION check_role_version();
CREATE TRIGGER scim_synced AFTER INSERT OR DELETE ON public.scim_group_members FOR EACH STATEMENT EXECUTE FUNCTION sync_scim_teams();
CREATE TRIGGER scim_synced AFTER UPDATE OF display_name ON public.scim_groups FOR EACH STATEMENT EXECUTE FUNCTION sync_scim_teams();
CREATE TRIGGER history_deleted AFTER DELETE ON public.service_accounts REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.service_accounts REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.service_accounts REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE OF name, team_uid ON public.service_accounts FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.service_accounts REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.service_accounts REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.service_accounts REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER data_source_deleted AFTER DELETE ON public.shards REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_data_sources();
CREATE TRIGGER data_source_inserted AFTER INSERT ON public.shards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_data_sources();
CREATE TRIGGER data_source_updated AFTER UPDATE ON public.shards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION touch_data_sources();
CREATE TRIGGER history_deleted AFTER DELETE ON public.shards REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('data_source_uid', 'name');
CREATE TRIGGER history_inserted AFTER INSERT ON public.shards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('data_source_uid', 'name');
CREATE TRIGGER history_updated AFTER UPDATE ON public.shards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('data_source_uid', 'name');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE ON public.shards FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.shards REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.shards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.shards REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER history_deleted AFTER DELETE ON public.team_members REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('team_uid', 'user_uid', 'source');
CREATE TRIGGER history_inserted AFTER INSERT ON public.team_members REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('team_uid', 'user_uid', 'source');
CREATE TRIGGER history_updated AFTER UPDATE ON public.team_members REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('team_uid', 'user_uid', 'source');
CREATE TRIGGER managed_delete BEFORE DELETE ON public.team_members FOR EACH ROW WHEN ((old.source = 'manual'::text)) EXECUTE FUNCTION check_managed_row();
CREATE TRIGGER managed_insert BEFORE INSERT OR UPDATE ON public.team_members FOR EACH ROW WHEN ((new.source = 'manual'::text)) EXECUTE FUNCTION check_managed_row();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.team_members REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.team_members REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.team_members REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER groups_followed AFTER INSERT ON public.teams REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_team_groups();
CREATE TRIGGER groups_followed_again AFTER UPDATE ON public.teams REFERENCING OLD TABLE AS was NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_team_groups();
CREATE TRIGGER history_deleted AFTER DELETE ON public.teams REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_inserted AFTER INSERT ON public.teams REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER history_updated AFTER UPDATE ON public.teams REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('uid');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE ON public.teams FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.teams REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.teams REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.teams REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER scim_synced AFTER INSERT OR UPDATE OF idp_groups ON public.teams FOR EACH STATEMENT EXECUTE FUNCTION sync_scim_teams();
CREATE TRIGGER history_deleted AFTER DELETE ON public.tenants REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('value');
CREATE TRIGGER history_inserted AFTER INSERT ON public.tenants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('value');
CREATE TRIGGER history_updated AFTER UPDATE ON public.tenants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION keep_policy_history('value');
CREATE TRIGGER managed BEFORE INSERT OR DELETE OR UPDATE ON public.tenants FOR EACH STATEMENT EXECUTE FUNCTION check_managed();
CREATE TRIGGER not_released BEFORE INSERT ON public.tenants FOR EACH ROW EXECUTE FUNCTION refuse_released_tenant();
CREATE TRIGGER policy_deleted AFTER DELETE ON public.tenants REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_inserted AFTER INSERT ON public.tenants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER policy_updated AFTER UPDATE ON public.tenants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bump_policy_version();
CREATE TRIGGER released AFTER DELETE ON public.tenants FOR EACH ROW EXECUTE FUNCTION release_tenant();
CREATE TRIGGER user_changed AFTER UPDATE OF name, disabled ON public.users FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION bump_policy_version_of_user();
CREATE TRIGGER user_history AFTER UPDATE OF disabled ON public.users FOR EACH ROW WHEN ((old.disabled IS DISTINCT FROM new.disabled)) EXECUTE FUNCTION keep_user_history();

-- Privileges

grant DELETE, INSERT, SELECT on table audit_label_values to gatehouse_app;
grant DELETE, INSERT, SELECT on table idempotency_keys to gatehouse_app;
grant DELETE, INSERT, SELECT on table invitations to gatehouse_app;
grant DELETE, INSERT, SELECT on table local_admin_codes to gatehouse_app;
grant DELETE, INSERT, SELECT on table login_attempts to gatehouse_app;
grant DELETE, INSERT, SELECT on table query_stops to gatehouse_app;
grant DELETE, INSERT, SELECT on table slow_queries to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table access_requests to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table audit_export_chunks to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table audit_exports to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table audit_verification_jobs to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table audit_views to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table break_glass to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table dashboard_versions to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table dashboards to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table data_sources to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table folders to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table grants to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table guardrails to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table memberships to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table noted_endings to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table notices to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table provisioning_tokens to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table query_statistics to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table rehearsals to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table released_tenants to gatehouse_definer;
grant DELETE, INSERT, SELECT, UPDATE on table replicas to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table roles to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table running_queries to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table scim_group_members to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table scim_groups to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table scim_left to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table scim_users to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table service_account_tokens to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table service_accounts to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table sessions to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table shards to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table team_members to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table teams to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table tenants to gatehouse_app;
grant DELETE, INSERT, SELECT, UPDATE on table upstream_claims to gatehouse_definer;
grant DELETE, SELECT on table audit_exports to gatehouse_definer;
grant DELETE, SELECT on table local_admin_codes to gatehouse_definer;
grant DELETE, SELECT on table orgs to gatehouse_app;
grant DELETE, SELECT on table sessions to gatehouse_definer;
grant EXECUTE on function app_audit_all() to gatehouse_definer;
grant EXECUTE on function app_audit_all() to public;
grant EXECUTE on function app_org() to gatehouse_definer;
grant EXECUTE on function app_org() to public;
grant EXECUTE on function audit_count(jsonb,double precision,boolean,integer) to gatehouse_app;
grant EXECUTE on function audit_erase(text,text) to gatehouse_app;
grant EXECUTE on function audit_estimate(jsonb,double precision,double precision) to gatehouse_app;
grant EXECUTE on function audit_find(jsonb,boolean,boolean,timestamp with time zone,uuid,integer) to gatehouse_app;
grant EXECUTE on function audit_find_recent(jsonb,boolean,timestamp with time zone,uuid,integer,integer) to gatehouse_app;
grant EXECUTE on function audit_head(text,text) to gatehouse_app;
grant EXECUTE on function audit_make_partitions(timestamp with time zone,integer) to gatehouse_app;
grant EXECUTE on function begin_session_check(text) to gatehouse_app;
grant EXECUTE on function bump_policy_version() to the migrating role;
grant EXECUTE on function bump_policy_version_of_user() to the migrating role;
grant EXECUTE on function claim_upstreams() to the migrating role;
grant EXECUTE on function contested_data_sources(text) to gatehouse_app;
grant EXECUTE on function contested_data_sources(text) to the migrating role;
grant EXECUTE on function end_member_session(text,text) to gatehouse_app;
grant EXECUTE on function end_session_check(text,text,boolean) to gatehouse_app;
grant EXECUTE on function extend_session(text) to gatehouse_app;
grant EXECUTE on function find_invitations(text) to gatehouse_app;
grant EXECUTE on function find_memberships(text) to gatehouse_app;
grant EXECUTE on function find_provisioning_token(text) to gatehouse_app;
grant EXECUTE on function find_sealed(text) to gatehouse_app;
grant EXECUTE on function find_session(text) to gatehouse_app;
grant EXECUTE on function find_teams_of_groups(text,text[],text) to gatehouse_app;
grant EXECUTE on function find_token(text) to gatehouse_app;
grant EXECUTE on function find_user(text,text) to gatehouse_app;
grant EXECUTE on function keep_policy_history() to the migrating role;
grant EXECUTE on function keep_user_history() to the migrating role;
grant EXECUTE on function member_sessions(text) to gatehouse_app;
grant EXECUTE on function orgs_with_endings() to gatehouse_app;
grant EXECUTE on function policy_versions() to gatehouse_app;
grant EXECUTE on function prune_sessions(timestamp with time zone) to gatehouse_app;
grant EXECUTE on function query_stops_in_force() to gatehouse_app;
grant EXECUTE on function reached_by_others(text,text) to gatehouse_app;
grant EXECUTE on function recognise_user(text,text,text,text,text) to gatehouse_app;
grant EXECUTE on function refuse_released_tenant() to the migrating role;
grant EXECUTE on function refuse_retired_org() to the migrating role;
grant EXECUTE on function release_tenant() to the migrating role;
grant EXECUTE on function retire_org() to the migrating role;
grant EXECUTE on function revoke_session(text) to gatehouse_app;
grant EXECUTE on function revoke_sessions_of(text,text,text,timestamp with time zone) to gatehouse_app;
grant EXECUTE on function session_ends(text) to gatehouse_app;
grant EXECUTE on function take_local_admin_code(text) to gatehouse_app;
grant EXECUTE on function take_notices(integer) to gatehouse_app;
grant EXECUTE on function touch_sessions(text[],timestamp with time zone[]) to gatehouse_app;
grant EXECUTE on function touch_tokens(text[],timestamp with time zone[]) to gatehouse_app;
grant EXECUTE on function upstreams_of_others(text,text) to gatehouse_app;
grant EXECUTE on function upstreams_of_others(text,text) to the migrating role;
grant INSERT (issuers, managed, name, platform, public_sharing, uid) on table orgs to gatehouse_app;
grant INSERT, SELECT on table audit_checkpoint_heads to gatehouse_app;
grant INSERT, SELECT on table audit_checkpoints to gatehouse_app;
grant INSERT, SELECT on table audit_events to gatehouse_app;
grant INSERT, SELECT on table audit_holds to gatehouse_app;
grant INSERT, SELECT on table audit_identities to gatehouse_app;
grant INSERT, SELECT on table audit_key_rotations to gatehouse_app;
grant INSERT, SELECT on table audit_verifications to gatehouse_app;
grant INSERT, SELECT on table identities to gatehouse_definer;
grant INSERT, SELECT on table policy_history to gatehouse_definer;
grant INSERT, SELECT on table retired_orgs to gatehouse_definer;
grant INSERT, SELECT on table users to gatehouse_definer;
grant INSERT, SELECT, UPDATE on table audit_anchors to gatehouse_app;
grant INSERT, SELECT, UPDATE on table audit_counts to gatehouse_definer;
grant INSERT, SELECT, UPDATE on table audit_counts_hourly to gatehouse_definer;
grant INSERT, SELECT, UPDATE on table audit_heads to gatehouse_definer;
grant INSERT, SELECT, UPDATE on table audit_sink_positions to gatehouse_app;
grant INSERT, SELECT, UPDATE on table audit_sinks to gatehouse_app;
grant SELECT (alertmanager_url, engine_url, org_uid, tenant_label, uid) on table data_sources to gatehouse_definer;
grant SELECT (closed_at, expires_at, org_uid) on table break_glass to gatehouse_definer;
grant SELECT (data_source_uid, org_uid, url) on table replicas to gatehouse_definer;
grant SELECT (expires_at, org_uid, uid) on table grants to gatehouse_definer;
grant SELECT (idp_groups, org_uid, uid) on table teams to gatehouse_definer;
grant SELECT (issuers, policy_version, uid) on table orgs to gatehouse_definer;
grant SELECT on table audit_counts to gatehouse_app;
grant SELECT on table audit_counts_hourly to gatehouse_app;
grant SELECT on table audit_events to gatehouse_definer;
grant SELECT on table audit_heads to gatehouse_app;
grant SELECT on table audit_holds to gatehouse_definer;
grant SELECT on table audit_tombstones to gatehouse_app;
grant SELECT on table identities to gatehouse_app;
grant SELECT on table invitations to gatehouse_definer;
grant SELECT on table memberships to gatehouse_definer;
grant SELECT on table noted_endings to gatehouse_definer;
grant SELECT on table notices to gatehouse_definer;
grant SELECT on table policy_history to gatehouse_app;
grant SELECT on table provisioning_tokens to gatehouse_definer;
grant SELECT on table query_stops to gatehouse_definer;
grant SELECT on table reached_upstreams to gatehouse_definer;
grant SELECT on table scim_groups to gatehouse_definer;
grant SELECT on table scim_left to gatehouse_definer;
grant SELECT on table scim_users to gatehouse_definer;
grant SELECT on table service_account_tokens to gatehouse_definer;
grant SELECT on table service_accounts to gatehouse_definer;
grant SELECT on table team_members to gatehouse_definer;
grant SELECT on table users to gatehouse_app;
grant SELECT, UPDATE on table audit_identities to gatehouse_definer;
grant UPDATE (attempts, delivered_at, last_error, next_at) on table notices to gatehouse_definer;
grant UPDATE (checked_at, checking_at, last_seen_at, org_uid, revoked_at, sealed) on table sessions to gatehouse_definer;
grant UPDATE (disabled) on table memberships to gatehouse_definer;
grant UPDATE (email, name) on table users to gatehouse_definer;
grant UPDATE (issuers, managed, name, platform, public_sharing) on table orgs to gatehouse_app;
grant UPDATE (last_used_at) on table provisioning_tokens to gatehouse_definer;
grant UPDATE (last_used_at) on table service_account_tokens to gatehouse_definer;
grant UPDATE (policy_version) on table orgs to gatehouse_definer;
grant UPDATE (released_at, released_by) on table audit_holds to gatehouse_app;
