-- What is protected (folders, dashboards, data sources) and who may do what with it (roles, grants, guardrails).

create table folders (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  parent_uid uid,
  title text not null check (length(title) between 1 and 200),
  primary key (org_uid, uid),
  foreign key (org_uid, parent_uid) references folders,
  check (parent_uid <> uid)
);
create index folders_parent on folders (org_uid, parent_uid);

-- A folder tree stays a tree, at most 16 deep, also when two moves cross.
create function check_folder_tree() returns trigger
  language plpgsql
  as $$
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
$$;
create trigger folders_tree after insert or update of parent_uid on folders
  for each row when (new.parent_uid is not null) execute function check_folder_tree();

create table dashboards (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  folder_uid uid,
  title text not null check (length(title) between 1 and 200),
  primary key (org_uid, uid),
  foreign key (org_uid, folder_uid) references folders
);
create index dashboards_folder on dashboards (org_uid, folder_uid);

create table data_sources (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  name text not null check (length(name) between 1 and 200),
  tenant_label text not null default 'tenant' check (tenant_label ~ '^[A-Za-z_][A-Za-z0-9_]*$'),
  -- Grows with every change of the data source, its shards or replicas; part of every cache key.
  version bigint not null default 1,
  primary key (org_uid, uid)
);

create table shards (
  org_uid uid not null,
  data_source_uid uid not null,
  name text not null check (length(name) between 1 and 63),
  -- Which series live here, for example {"tenants": ["transport"]}.
  slice jsonb not null,
  primary key (org_uid, data_source_uid, name),
  foreign key (org_uid, data_source_uid) references data_sources on delete cascade
);

create table replicas (
  org_uid uid not null,
  data_source_uid uid not null,
  shard text not null,
  name text not null check (length(name) between 1 and 63),
  url text not null check (url ~ '^https?://[^/?#@\s]+(/[^?#\s]*)?$' and url !~ '/$'),
  primary key (org_uid, data_source_uid, shard, name),
  foreign key (org_uid, data_source_uid, shard) references shards on delete cascade
);

-- Custom roles; the shipped ones are files of the release.
create table roles (
  org_uid uid not null references orgs on delete cascade,
  name text not null check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  version int not null check (version > 0),
  description text not null default '',
  permissions jsonb not null,
  primary key (org_uid, name)
);

create table grants (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  user_uid uid,
  team_uid uid,
  service_account_uid uid,
  role text not null,
  -- Where: the whole org when all of these are null.
  folder_uid uid,
  data_source_uid uid,
  dashboard_uid uid,
  within_team_uid uid,
  -- Label selectors, any of which admits a series; none means no restriction beyond the tenants.
  constraints text[] not null default '{}',
  not_before timestamptz,
  expires_at timestamptz,
  reason text not null default '' check (length(reason) <= 500),
  created_at timestamptz not null default now(),
  primary key (org_uid, uid),
  foreign key (org_uid, user_uid) references memberships on delete cascade,
  foreign key (org_uid, team_uid) references teams on delete cascade,
  foreign key (org_uid, service_account_uid) references service_accounts on delete cascade,
  foreign key (org_uid, folder_uid) references folders on delete cascade,
  foreign key (org_uid, data_source_uid) references data_sources on delete cascade,
  foreign key (org_uid, dashboard_uid) references dashboards on delete cascade,
  foreign key (org_uid, within_team_uid) references teams on delete cascade,
  constraint grants_one_subject check (num_nonnulls(user_uid, team_uid, service_account_uid) = 1),
  constraint grants_one_place check (num_nonnulls(folder_uid, data_source_uid, dashboard_uid, within_team_uid) <= 1),
  constraint grants_period check (not_before is null or expires_at is null or not_before < expires_at)
);

-- Selectors no role overrides: series that match one are never shown to anyone of the org.
create table guardrails (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  selector text not null,
  reason text not null check (length(reason) between 1 and 500),
  primary key (org_uid, uid)
);
