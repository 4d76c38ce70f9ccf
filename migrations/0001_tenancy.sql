-- Orgs, tenants, people, teams, service accounts and sessions.
-- Every table with an org_uid column belongs to that org; row-level security (0003) shows a transaction only the org it entered.

do $$
begin
  -- Roles belong to the whole cluster: another database may have made them already, even at this moment.
  begin
    create role gatehouse_app nologin nosuperuser nobypassrls nocreatedb nocreaterole;
  exception when duplicate_object or unique_violation then null;
  end;
  begin
    create role gatehouse_definer nologin nosuperuser nobypassrls nocreatedb nocreaterole;
  exception when duplicate_object or unique_violation then null;
  end;
end
$$;

-- The org this transaction entered; null outside withOrg(), and then no row of any org is visible.
create function app_org() returns text
  language sql stable parallel safe
  as $$ select nullif(current_setting('app.org', true), '') $$;

-- Public identifiers: what Grafana allows in a uid.
create domain uid as text check (value ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$');

create table orgs (
  uid uid primary key,
  name text not null check (length(name) between 1 and 200),
  -- Whether access is declared in files or through the API; never both.
  managed text not null default 'api' check (managed in ('files', 'api')),
  -- The platform org manages the other orgs and their data sources; it owns no tenants.
  platform boolean not null default false,
  -- OIDC issuers whose identities may belong to this org; null means every configured one.
  issuers text[] check (issuers is null or cardinality(issuers) > 0),
  policy_version bigint not null default 1,
  created_at timestamptz not null default now()
);
create unique index orgs_one_platform on orgs (platform) where platform;

-- A tenant is a value of the tenant label. It has exactly one owner in the whole installation.
create table tenants (
  org_uid uid not null references orgs on delete cascade,
  value text not null primary key
    check (value ~ '^[A-Za-z0-9!_.*''()-]{1,150}$' and value not in ('.', '..') and value !~ '^__'),
  created_at timestamptz not null default now()
);
create index tenants_org on tenants (org_uid);

-- A person, whatever the orgs; visible to the orgs they are a member of.
create table users (
  uid uid primary key,
  name text not null,
  email text,
  disabled boolean not null default false,
  created_at timestamptz not null default now()
);

-- The key of a person is (issuer, subject), never an email address.
create table identities (
  issuer text not null,
  subject text not null check (length(subject) between 1 and 256),
  user_uid uid not null references users on delete cascade,
  primary key (issuer, subject)
);
create index identities_user on identities (user_uid);

create table memberships (
  org_uid uid not null references orgs on delete cascade,
  user_uid uid not null references users on delete cascade,
  source text not null check (source in ('sso', 'manual')),
  created_at timestamptz not null default now(),
  primary key (org_uid, user_uid)
);
create index memberships_user on memberships (user_uid);

create table teams (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  name text not null check (length(name) between 1 and 200),
  -- IdP groups whose members are in this team.
  idp_groups text[] not null default '{}',
  created_at timestamptz not null default now(),
  primary key (org_uid, uid)
);
create index teams_idp_groups on teams using gin (idp_groups);

create table team_members (
  org_uid uid not null,
  team_uid uid not null,
  user_uid uid not null,
  source text not null check (source in ('sso', 'manual')),
  primary key (org_uid, team_uid, user_uid, source),
  foreign key (org_uid, team_uid) references teams on delete cascade,
  foreign key (org_uid, user_uid) references memberships on delete cascade
);
create index team_members_user on team_members (org_uid, user_uid);

create table service_accounts (
  org_uid uid not null references orgs on delete cascade,
  uid uid not null,
  name text not null check (length(name) between 1 and 200),
  team_uid uid,
  disabled boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (org_uid, uid),
  foreign key (org_uid, team_uid) references teams
);
create index service_accounts_team on service_accounts (org_uid, team_uid);

create table service_account_tokens (
  org_uid uid not null,
  uid uid not null,
  service_account_uid uid not null,
  name text not null check (length(name) between 1 and 200),
  -- What may be shown of the secret.
  prefix text not null check (length(prefix) between 1 and 24),
  -- SHA-256 of the secret, lower-case hex.
  hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
  source_cidrs cidr[] not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  last_used_at timestamptz,
  primary key (org_uid, uid),
  foreign key (org_uid, service_account_uid) references service_accounts on delete cascade
);
create index service_account_tokens_account on service_account_tokens (org_uid, service_account_uid);

create table sessions (
  org_uid uid not null,
  uid uid not null unique,
  -- SHA-256 of the cookie's secret, lower-case hex.
  hash text not null primary key check (hash ~ '^[0-9a-f]{64}$'),
  user_uid uid not null,
  issuer text not null,
  subject text not null,
  -- The identity provider's session id (`sid`), for back-channel logout.
  idp_session text,
  address inet,
  user_agent text check (length(user_agent) <= 512),
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  idle_timeout interval not null check (idle_timeout > interval '0'),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  foreign key (org_uid, user_uid) references memberships on delete cascade
);
create index sessions_user on sessions (org_uid, user_uid);
create index sessions_idp_session on sessions (issuer, idp_session);
create index sessions_expires on sessions (expires_at);
