import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  announce,
  Button,
  me,
  More,
  Page,
  Panel,
  ProblemNotice,
  Skeleton,
  useAction,
  useApi,
  useRead,
  useText,
} from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import { AddUser } from "./add_user.tsx";
import type en from "./locales/en.json";
import css from "./staff.module.css";

type User = IdentityApi["listUsers"]["result"]["items"][number];

/** The hotel's staff, for a manager. */
export default function StaffPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const users = useRead(api.listUsers, { query: { limit: 200 } });
  const [isAdding, setIsAdding] = useState(false);
  return (
    <Page
      title={t("staff.title")}
      actions={
        <Button kind="primary" icon="plus" onPress={() => setIsAdding(true)}>
          {t("staff.add")}
        </Button>
      }
    >
      {users.problem === undefined ? null : <ProblemNotice problem={users.problem} onRetry={users.refresh} />}
      <Panel label={t("staff.title")}>
        {users.isLoading ? <Skeleton /> : null}
        <table class={css["table"]}>
          <thead>
            <tr>
              <th scope="col">{t("staff.username")}</th>
              <th scope="col">{t("staff.role")}</th>
              <th>
                <span class="visually-hidden">{t("staff.actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {users.body?.items.map((user) => (
              <UserRow key={user.user_id} user={user} />
            ))}
          </tbody>
        </table>
      </Panel>
      {isAdding ? <AddUser onClose={() => setIsAdding(false)} /> : null}
    </Page>
  );
}

function UserRow({ user }: { readonly user: User }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const params = { user_id: user.user_id };
  const name = user.username;
  const change = useAction(async (body: { readonly active: boolean } | { readonly role: User["role"] }) => {
    const back = "active" in body ? { active: user.active } : { role: user.role };
    await api.changeUser({ params, body });
    const text = !("active" in body)
      ? t("staff.changed", { name })
      : body.active
        ? t("staff.activated", { name })
        : t("staff.deactivated", { name });
    announce(text, () => api.changeUser({ params, body: back }));
  });
  const endSessions = useAction(async () => {
    await api.endUserSessions({ params });
    announce(t("staff.sessions_ended", { name }));
  });
  const problem = change.problem ?? endSessions.problem;
  const isSelf = me.value?.user_id === user.user_id;
  const others = (["manager", "receptionist", "housekeeper"] as const).filter((role) => role !== user.role);
  return (
    <>
      <tr>
        <td>
          <span class={css["name"]}>{name}</span>
          {isSelf ? <span class={css["note"]}>{t("staff.you")}</span> : null}
          {user.active ? null : <span class={css["note"]}>{t("staff.inactive")}</span>}
        </td>
        <td>{t(`staff.role_${user.role}`)}</td>
        <td class={css["actions"]}>
          <More label={t("staff.more", { name })}>
            {others.map((role) => (
              <Button key={role} onPress={() => change.run({ role })}>
                {t("staff.role")}: {t(`staff.role_${role}`)}
              </Button>
            ))}
            <Button onPress={endSessions.run}>{t("staff.end_sessions")}</Button>
            <Button onPress={() => change.run({ active: !user.active })}>
              {user.active ? t("staff.deactivate") : t("staff.activate")}
            </Button>
          </More>
        </td>
      </tr>
      {problem === undefined ? null : (
        <tr>
          <td colSpan={3}>
            <ProblemNotice problem={problem} />
          </td>
        </tr>
      )}
    </>
  );
}
