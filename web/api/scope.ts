import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** The plugin whose screen is being shown. */
export const PluginScope = createContext("shell");

/** The id of the plugin whose screen is being shown. */
export const usePluginId = (): string => useContext(PluginScope);
