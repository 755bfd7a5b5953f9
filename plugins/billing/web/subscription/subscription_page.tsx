import type { JSX } from "preact";

import {
  Button,
  instant,
  me,
  money,
  Notice,
  Page,
  Panel,
  ProblemNotice,
  Skeleton,
  useAction,
  useApi,
  useRead,
  useText,
} from "#web/mod.ts";
import type { BillingApi } from "../../api.ts";
import type en from "./locales/en.json";
import css from "./subscription.module.css";

type Subscription = BillingApi["readSubscription"]["result"];

/** The hotel's subscription, for a manager. Stripe's own pages take the payment. */
export default function SubscriptionPage(): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<BillingApi>();
  const subscription = useRead(api.readSubscription, {});
  return (
    <Page title={t("billing.title")}>
      {subscription.problem === undefined ? null : (
        <ProblemNotice problem={subscription.problem} onRetry={subscription.refresh} />
      )}
      {subscription.isLoading ? <Skeleton /> : null}
      {subscription.body === undefined ? null : <State subscription={subscription.body} />}
      {subscription.body === undefined ? null : <Invoices subscription={subscription.body} />}
    </Page>
  );
}

function State({ subscription }: { readonly subscription: Subscription }): JSX.Element {
  const t = useText<typeof en>();
  const api = useApi<BillingApi>();
  // The answer of Stripe's page comes back to this one.
  const here = location.href;
  const open = useAction(async (what: "checkout" | "portal") => {
    const { body } =
      what === "checkout"
        ? await api.startCheckout({ body: { success_url: here, cancel_url: here } })
        : await api.startPortal({ body: { return_url: here } });
    location.assign(body.url);
  });
  const zone = me.value?.hotel.time_zone ?? "UTC";
  const { status } = subscription;
  const isRunning = subscription.subscriptions.some(
    ({ status: one }) => one !== null && !["canceled", "incomplete_expired"].includes(one),
  );
  return (
    <Panel label={t("billing.title")}>
      <div class={css["card"]}>
        <Notice tone={status === "lapsed" ? "bad" : status === "active" || status === "trial" ? "good" : "careful"}>
          {t(`billing.status_${status}`)}
        </Notice>
        <dl class={css["facts"]}>
          <div>
            <dt>{t("billing.valid_to")}</dt>
            <dd>{instant(subscription.valid_to, zone)}</dd>
          </div>
          <div>
            <dt>{t("billing.trial_ends")}</dt>
            <dd>{instant(subscription.trial_ends_at, zone)}</dd>
          </div>
          {subscription.paid_until === null ? null : (
            <div>
              <dt>{t("billing.paid_until")}</dt>
              <dd>{instant(subscription.paid_until, zone)}</dd>
            </div>
          )}
          <div>
            <dt>{t("billing.grace")}</dt>
            <dd>{subscription.grace_days}</dd>
          </div>
        </dl>
        {open.problem === undefined ? null : <ProblemNotice problem={open.problem} />}
        <div class={css["actions"]}>
          {isRunning ? null : (
            <Button kind="primary" isBusy={open.isRunning} onPress={() => open.run("checkout")}>
              {t("billing.subscribe")}
            </Button>
          )}
          <Button isBusy={open.isRunning} onPress={() => open.run("portal")}>
            {t("billing.portal")}
          </Button>
        </div>
      </div>
    </Panel>
  );
}

function Invoices({ subscription }: { readonly subscription: Subscription }): JSX.Element {
  const t = useText<typeof en>();
  const zone = me.value?.hotel.time_zone ?? "UTC";
  return (
    <Panel label={t("billing.invoices")}>
      <table class={css["table"]}>
        <caption class="visually-hidden">{t("billing.invoices")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("billing.invoice")}</th>
            <th scope="col">{t("billing.amount")}</th>
            <th scope="col">{t("billing.period")}</th>
          </tr>
        </thead>
        <tbody>
          {subscription.unpaid_invoices.map((invoice) => (
            <tr key={invoice.invoice_id}>
              <td>{invoice.invoice_id}</td>
              <td>{money(invoice.amount_due, invoice.currency.toUpperCase())}</td>
              <td>
                {invoice.pay_url === null ? t("billing.unpaid") : <a href={invoice.pay_url}>{t("billing.pay")}</a>}
              </td>
            </tr>
          ))}
          {subscription.invoices.map((invoice) => (
            <tr key={invoice.invoice_id}>
              <td>{invoice.invoice_id}</td>
              <td>{money(invoice.amount_paid, invoice.currency.toUpperCase())}</td>
              <td>{invoice.period_end === null ? "–" : instant(invoice.period_end, zone)}</td>
            </tr>
          ))}
          {subscription.invoices.length === 0 ? (
            <tr>
              <td colSpan={3}>{t("billing.no_invoices")}</td>
            </tr>
          ) : null}
        </tbody>
      </table>
    </Panel>
  );
}
