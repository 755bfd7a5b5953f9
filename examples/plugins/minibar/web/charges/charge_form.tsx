import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { Button, faultsByField, ProblemNotice, TextField, useAction, useText } from "#web/mod.ts";
import type en from "../locales/en.json";
import css from "./minibar.module.css";
import { useCharges } from "./use_charges.ts";

/** The fields of a charge. Enter in any of them charges, and the next item can be typed at once. */
export function ChargeForm(props: { readonly bookingId: string | undefined; readonly currency: string }): JSX.Element {
  const t = useText<typeof en>();
  const { charge } = useCharges();
  const [item, setItem] = useState("");
  const [quantity, setQuantity] = useState("1");
  const [price, setPrice] = useState("");
  const first = useRef<HTMLInputElement>(null);
  const send = useAction(async (booking_id: string) => {
    // Some desks type a comma before the cents.
    await charge({ booking_id, item, quantity: Number(quantity), unit_price: price.replace(",", ".") });
    setItem("");
    setQuantity("1");
    setPrice("");
    first.current?.focus();
  });
  const fault = faultsByField(send.problem);
  const { bookingId } = props;
  return (
    <form
      class={css["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (bookingId !== undefined) void send.run(bookingId);
      }}
    >
      <div class={css["fields"]}>
        <TextField
          label={t("minibar.item")}
          value={item}
          onChange={setItem}
          isRequired
          maxLength={80}
          inputRef={first}
          fault={fault("/item")}
        />
        <TextField
          label={t("minibar.quantity")}
          type="number"
          min={1}
          max={99}
          value={quantity}
          onChange={setQuantity}
          isRequired
          fault={fault("/quantity")}
        />
        <TextField
          label={t("minibar.price", { currency: props.currency })}
          inputMode="decimal"
          value={price}
          onChange={setPrice}
          isRequired
          fault={fault("/unit_price")}
        />
        <Button isSubmit kind="primary" isBusy={send.isRunning}>
          {t("minibar.charge")}
        </Button>
      </div>
      {send.problem === undefined || send.problem.errors.length > 0 ? null : <ProblemNotice problem={send.problem} />}
    </form>
  );
}
