import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  announce,
  Button,
  Dialog,
  faultsByField,
  ProblemNotice,
  SelectField,
  TextField,
  useAction,
  useApi,
  useText,
} from "#web/mod.ts";
import type { IdentityApi } from "../../api.ts";
import type en from "./locales/en.json";

type Role = IdentityApi["createUser"]["body"]["role"];

/** A new member of staff. The first password is changed at the first login. */
export function AddUser({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<IdentityApi>();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("receptionist");
  const add = useAction(async () => {
    const { body: user } = await api.createUser({ body: { username, password, role } });
    announce(t("staff.added", { name: username }), () => api.deactivateUser({ params: { user_id: user.user_id } }));
    onClose();
  });
  const fault = faultsByField(add.problem);
  const roles: readonly { readonly value: Role; readonly label: string }[] = (
    ["receptionist", "housekeeper", "manager"] as const
  ).map((value) => ({ value, label: t(`staff.role_${value}`) }));
  return (
    <Dialog
      title={t("staff.add")}
      onClose={onClose}
      onSubmit={add.run}
      actions={
        <Button kind="primary" isSubmit isBusy={add.isRunning}>
          {t("staff.add")}
        </Button>
      }
    >
      {add.problem === undefined || add.problem.errors.length > 0 ? null : <ProblemNotice problem={add.problem} />}
      <TextField
        label={t("staff.username")}
        value={username}
        onChange={setUsername}
        fault={fault("/username")}
        takesFocus
      />
      <TextField
        label={t("staff.password")}
        hint={t("staff.password_hint")}
        value={password}
        onChange={setPassword}
        fault={fault("/password")}
      />
      <SelectField label={t("staff.role")} value={role} options={roles} onChange={setRole} />
    </Dialog>
  );
}
