// Format and charset of a file, each found by itself unless somebody says otherwise.
import type { DocumentFormat } from "@/lib/wire";
import { SelectField } from "@/ui/field";
import { CHARSETS, FORMATS, hasCharset } from "./reading-words";

export interface Told {
  /** Empty: to be found. */
  format: DocumentFormat | "";
  charset: string;
}

interface ReadingFieldsProps {
  told: Told;
  onTold: (told: Told) => void;
  /** What was found, and how, where that is known. */
  found?: { format: DocumentFormat; formatBasis: string; charset: string; charsetBasis: string } | undefined;
}

export function ReadingFields({ told, onTold, found }: ReadingFieldsProps) {
  const others = told.charset !== "" && !CHARSETS.some(([name]) => name === told.charset);
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="Format"
        hint={found && told.format === "" ? found.formatBasis : undefined}
        value={told.format}
        onChange={(event) => onTold({ ...told, format: event.target.value as Told["format"] })}
      >
        <option value="">{found && told.format === "" ? `found: ${FORMATS[found.format]}` : "find it"}</option>
        {Object.entries(FORMATS).map(([format, words]) => (
          <option key={format} value={format}>
            {words}
          </option>
        ))}
      </SelectField>
      {hasCharset(told.format || (found?.format ?? null)) && (
        <SelectField
          label="Charset"
          hint={found && told.charset === "" ? found.charsetBasis : undefined}
          value={told.charset}
          onChange={(event) => onTold({ ...told, charset: event.target.value })}
        >
          <option value="">{found && told.charset === "" ? `found: ${found.charset}` : "find it"}</option>
          {others && <option>{told.charset}</option>}
          {CHARSETS.map(([charset, words]) => (
            <option key={charset} value={charset}>
              {words}
            </option>
          ))}
        </SelectField>
      )}
    </div>
  );
}
