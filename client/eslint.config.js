// The page's rules that a machine can check. Imports point right only: app > pages > features > ui > lib.
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const upward = { regex: "^\\.\\./", message: "Use @/ for another folder." };

/** Forbids imports of the layers to the left of `layer`. */
function layer(name, files, forbidden, message) {
  return {
    name: `layers/${name}`,
    files,
    rules: {
      "no-restricted-imports": ["error", { patterns: [upward, { group: forbidden.map((one) => `@/${one}/**`), message }] }],
    },
  };
}

const colour = "/#[0-9a-fA-F]{3,8}\\b(?![\\w-])|\\b(rgb|hsl|oklch|oklab|lab|lch)a?\\(/";

export default tseslint.config(
  { ignores: ["dist"] },
  ...tseslint.configs.strict,
  reactHooks.configs.flat.recommended,
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      "max-lines": ["error", { max: 260, skipBlankLines: true, skipComments: true }],
      "no-console": "error",
      "no-restricted-imports": ["error", { patterns: [upward] }],
      "no-restricted-globals": [
        "error",
        ...["fetch", "XMLHttpRequest", "EventSource", "WebSocket"].map((name) => ({ name, message: "Network code lives in lib/." })),
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Text of users is never HTML." },
        { selector: `Literal[value=${colour}]`, message: "Colours live in styles/tokens.css." },
        { selector: `TemplateElement[value.raw=${colour}]`, message: "Colours live in styles/tokens.css." },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  layer("pages", ["src/pages/**"], ["app"], "A page does not know the app around it."),
  layer("features", ["src/features/**"], ["app", "pages", "features"], "A feature imports ui and lib only, never another feature."),
  layer("ui", ["src/ui/**"], ["app", "pages", "features"], "ui imports lib only."),
  layer("lib", ["src/lib/**"], ["app", "pages", "features", "ui"], "lib imports nothing of the page."),
  { files: ["src/lib/**", "src/test/**", "src/**/*.test.{ts,tsx}"], rules: { "no-restricted-globals": "off" } },
  { files: ["src/**/*.test.{ts,tsx}", "src/test/**"], rules: { "no-restricted-imports": "off", "@typescript-eslint/no-non-null-assertion": "off" } },
);
