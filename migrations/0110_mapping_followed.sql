-- A change of which groups a team takes, or of which issuers an org takes people of, counts at once, not with each person's next
-- sign-in. What is known of people's groups is what their teams keep of them: a group that no team named before is seen at the next
-- sign-in or the issuer's next answer about the person.

create function follow_team_groups() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
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
$$;
create trigger groups_followed after insert on teams referencing new table as changed
  for each statement execute function follow_team_groups();
create trigger groups_followed_again after update on teams referencing old table as was new table as changed
  for each statement execute function follow_team_groups();

create function follow_issuers() returns trigger
  language plpgsql set search_path = pg_catalog, public, pg_temp
  as $$
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
$$;
create trigger issuers_followed after update of issuers on orgs
  for each row when (new.issuers is not null and old.issuers is distinct from new.issuers) execute function follow_issuers();
