-- Series of orgs that share a shard are told apart by one label. Whoever reached the same server through another label, or owned a
-- tenant that was another org's, would read across: so both are remembered for good, and refused at the commit that tries.

-- Where a URL leads: host and port. Paths and schemes do not tell servers apart, as many ways of writing lead to one.
create function upstream_address(url text) returns text
  language sql immutable strict parallel safe
  as $$
    select rtrim(lower(substring(url from '^https?://(\[[^]]*\]|[^/:]*)')), '.') || ':' || coalesce(
      substring(url from '^https?://(?:\[[^]]*\]|[^/:]*):0*([0-9]+)'), case when url like 'https:%' then '443' else '80' end)
  $$;
create index replicas_address on replicas (upstream_address(url));

-- Every server an org reaches now, with the label it tells tenants apart by.
create view reached_upstreams with (security_invoker = true) as
  select d.org_uid, d.uid as data_source_uid, d.tenant_label, upstream_address(r.url) as address
    from data_sources d join replicas r on r.org_uid = d.org_uid and r.data_source_uid = d.uid
  union
  select d.org_uid, d.uid, d.tenant_label, upstream_address(d.engine_url)
    from data_sources d where d.engine_url is not null
  union
  select d.org_uid, d.uid, d.tenant_label, upstream_address(d.alertmanager_url)
    from data_sources d where d.alertmanager_url is not null;

-- Every server an org ever reached, and through which label. It outlives data sources and orgs: detaching a server, or deleting its
-- org, must not open what is on it.
create table upstream_claims (
  address text not null,
  org_uid uid not null,
  tenant_label text not null,
  since timestamptz not null default now(),
  primary key (address, org_uid, tenant_label)
);
insert into upstream_claims (address, org_uid, tenant_label)
  select distinct address, org_uid, tenant_label from reached_upstreams;

-- Tenants that no org owns any more, with their last owner.
create table released_tenants (
  value text primary key,
  org_uid uid not null,
  released_at timestamptz not null default now()
);

do $$
declare
  t text;
begin
  foreach t in array array['upstream_claims', 'released_tenants'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy lookups on %I to gatehouse_definer using (true) with check (true)', t);
    execute format('grant select, insert, update, delete on %I to gatehouse_definer', t);
  end loop;
  foreach t in array array['data_sources', 'replicas'] loop
    execute format('create policy lookups on %I for select to gatehouse_definer using (true)', t);
  end loop;
end
$$;
grant select (org_uid, uid, tenant_label, engine_url, alertmanager_url) on data_sources to gatehouse_definer;
grant select (org_uid, data_source_uid, url) on replicas to gatehouse_definer;
grant select on reached_upstreams to gatehouse_definer;

-- Runs when everything is in place: a change may set the label first and the servers after it. Claims of what another org does not
-- reach any more give way only to access files, which whoever runs the database applies.
create function claim_upstreams() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
  as $$
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
$$;

-- Data sources of an org whose servers another org reaches through another label, however that came to be.
create function contested_data_sources(wanted_org text) returns table (uid text)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  as $$
    select distinct mine.data_source_uid::text from reached_upstreams mine join reached_upstreams other
      on other.address = mine.address and other.org_uid <> mine.org_uid and other.tenant_label <> mine.tenant_label
    where mine.org_uid = wanted_org
    order by 1
  $$;

-- Servers that an org must not reach through this label, under whatever name.
create function upstreams_of_others(wanted_org text, wanted_label text) returns table (address text)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp
  as $$
    select distinct c.address from upstream_claims c where c.org_uid <> wanted_org and c.tenant_label <> wanted_label
    order by 1
  $$;

create function release_tenant() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
  as $$
begin
  insert into released_tenants (value, org_uid) values (old.value, old.org_uid)
    on conflict (value) do update set org_uid = excluded.org_uid, released_at = now();
  return null;
end
$$;

create function refuse_released_tenant() returns trigger
  language plpgsql security definer set search_path = pg_catalog, public, pg_temp
  as $$
begin
  if current_setting('app.managed_by', true) is distinct from 'files'
    and exists (select from released_tenants r where r.value = new.value and r.org_uid <> new.org_uid)
  then
    raise exception 'the tenant % was another org’s; only access files move it', new.value using errcode = 'GH424';
  end if;
  delete from released_tenants r where r.value = new.value;
  return new;
end
$$;

do $$
declare
  f regprocedure;
  lent boolean;
begin
  lent := not pg_has_role(current_user, 'gatehouse_definer', 'usage');
  if lent then
    execute format('grant gatehouse_definer to %I', current_user);
  end if;
  grant create on schema public to gatehouse_definer;
  foreach f in array array[
    'claim_upstreams()', 'release_tenant()', 'refuse_released_tenant()', 'contested_data_sources(text)',
    'upstreams_of_others(text, text)']::regprocedure[]
  loop
    execute format('alter function %s owner to gatehouse_definer', f);
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to %I', f, current_user);
  end loop;
  revoke create on schema public from gatehouse_definer;
  grant execute on function contested_data_sources(text), upstreams_of_others(text, text) to gatehouse_app;
  create constraint trigger claimed after insert or update of url on replicas
    deferrable initially deferred for each row execute function claim_upstreams();
  create constraint trigger claimed after insert or update of tenant_label, alertmanager_url, engine_url on data_sources
    deferrable initially deferred for each row execute function claim_upstreams();
  create trigger released after delete on tenants for each row execute function release_tenant();
  create trigger not_released before insert on tenants for each row execute function refuse_released_tenant();
  if lent then
    execute format('revoke gatehouse_definer from %I', current_user);
  end if;
end
$$;
