import type { Knex } from "knex";

/**
 * The security log. A plugin's role may add events of its own kinds, in its unit's tenant, and nothing else: it can't read,
 * change or delete one. The core reads them for a manager, counts repeated refusals, and deletes what is old.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE core.audit_events (
      tenant_id uuid NOT NULL,
      event_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]*[.][a-z][a-z0-9_]*$'),
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      occurrences integer NOT NULL DEFAULT 1 CHECK (occurrences > 0),
      last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      actor_id uuid,
      actor_name text,
      address text,
      user_agent text,
      request_id text,
      subject_type text,
      subject_id text,
      subject_name text,
      details jsonb NOT NULL DEFAULT '{}',
      PRIMARY KEY (tenant_id, event_id)
    );
    COMMENT ON TABLE core.audit_events IS 'The security log of each tenant: who did what, from where. Never a secret.';
    COMMENT ON COLUMN core.audit_events.event_id IS 'A UUID v7: its time is that of the event, or the minute of merged ones.';
    CREATE INDEX audit_events_kind ON core.audit_events (tenant_id, kind, event_id);
    CREATE INDEX audit_events_actor ON core.audit_events (tenant_id, actor_id, event_id);
    CREATE INDEX audit_events_age ON core.audit_events (last_at);

    ALTER TABLE core.audit_events ENABLE ROW LEVEL SECURITY;
    CREATE POLICY adds_own_kind ON core.audit_events FOR INSERT WITH CHECK (
      tenant_id = core.tenant_id()
      AND EXISTS (SELECT FROM core.queue_owners o WHERE o.role_name = current_user AND o.queue = split_part(kind, '.', 1))
    );
    CREATE POLICY platform_adds_own_kind ON core.audit_events FOR INSERT TO keyrack_platform WITH CHECK (
      EXISTS (SELECT FROM core.queue_owners o WHERE o.role_name = current_user AND o.queue = split_part(kind, '.', 1))
    );
    CREATE POLICY core_work ON core.audit_events TO keyrack_core USING (true) WITH CHECK (true);
  `);
}
