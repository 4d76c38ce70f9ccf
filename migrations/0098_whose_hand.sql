-- Who gave a grant, put somebody into a team and wrote a role: whoever opened break-glass access may not have it reviewed by a hand of
-- their own. Null where a file, the identity provider or nobody known did.

alter table grants add column created_by text default nullif(current_setting('app.actor', true), '');
alter table team_members add column added_by text default nullif(current_setting('app.actor', true), '');
alter table roles add column written_by text default nullif(current_setting('app.actor', true), '');
