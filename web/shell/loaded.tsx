/** Components of plugins, loaded when they are first shown. Each has a box of its own, so a failure leaves the rest. */
import { Component, type ComponentChildren, type ComponentType, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { PluginScope } from "../api/scope.ts";
import { textOf } from "../i18n/messages.ts";
import type en from "../i18n/locales/en.json";
import { Button } from "../kit/button.tsx";
import { Notice, Skeleton } from "../kit/notice.tsx";
import type { Slots } from "../slots.ts";
import { allOf } from "./plugins.ts";
import type { Load } from "./screens.ts";

const t = textOf<typeof en>("shell");

interface BoxProps {
  readonly pluginId: string;
  readonly children: ComponentChildren;
}

/** Shows a notice in place of a part that has thrown an error. */
class Box extends Component<BoxProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  override componentDidCatch(error: unknown): void {
    reportError(error);
    this.setState({ hasFailed: true });
  }

  override render(): ComponentChildren {
    const { pluginId, children } = this.props;
    if (!this.state.hasFailed) return <PluginScope.Provider value={pluginId}>{children}</PluginScope.Provider>;
    return (
      <Notice
        tone="bad"
        actions={
          <Button isSmall onPress={() => this.setState({ hasFailed: false })}>
            {t("try_again")}
          </Button>
        }
      >
        {t("part_failed", { plugin: pluginId })}
      </Notice>
    );
  }
}

const components = new Map<unknown, ComponentType<never>>();

/** Shows a component of a plugin, and gray shapes until it is loaded. */
export function Loaded<P extends object>(props: {
  readonly pluginId: string;
  readonly load: Load<P>;
  readonly props: P;
}): JSX.Element | null {
  const { load, pluginId } = props;
  // The map has the component of `load`, which takes these props.
  const [shown, setShown] = useState(() => components.get(load) as ComponentType<P> | undefined);
  const [hasFailed, setHasFailed] = useState(false);
  useEffect(() => {
    if (shown !== undefined) return;
    load().then(
      ({ default: component }) => {
        // The map has components of any props. `load` finds the one with the right props.
        components.set(load, component as ComponentType<never>);
        setShown(() => component);
      },
      (error: unknown) => {
        reportError(error);
        setHasFailed(true);
      },
    );
  }, [load, shown]);
  if (hasFailed) {
    // A chunk of a build before the last one is gone. The new page has the new names.
    return (
      <Notice
        tone="careful"
        actions={
          <Button isSmall onPress={() => location.reload()}>
            {t("reload")}
          </Button>
        }
      >
        {t("new_version")}
      </Notice>
    );
  }
  if (shown === undefined) return <Skeleton />;
  const Shown = shown;
  return (
    <Box pluginId={pluginId}>
      <Shown {...props.props} />
    </Box>
  );
}

/** Shows what the plugins add to a place. */
export function Slot<S extends keyof Slots>(props: { readonly name: S; readonly props: Slots[S] }): JSX.Element {
  const widgets = allOf("widgets")
    .filter(({ item }) => item.slot === props.name)
    .sort((a, b) => (a.item.order ?? 50) - (b.item.order ?? 50));
  return (
    <>
      {widgets.map(({ pluginId, item }) => (
        // A widget of this slot takes the props of this slot.
        <Loaded
          key={`${pluginId} ${item.slot}`}
          pluginId={pluginId}
          load={item.load as Load<object>}
          props={props.props}
        />
      ))}
    </>
  );
}
