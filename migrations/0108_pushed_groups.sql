-- Groups named `claim:…` stand for attributes that an issuer vouches for (docs/sso.md); none is pushed.
delete from scim_groups where display_name ilike 'claim:%';
alter table scim_groups add constraint scim_groups_name_no_claim check (display_name not ilike 'claim:%');
