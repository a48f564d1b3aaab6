// Holds what the client returns against the client's own type definitions: what is missing, wrong or too much is an error of the compiler.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import Stripe from "stripe";

const here = dirname(fileURLToPath(import.meta.url));
const artifacts = join(here, "artifacts");
const compiler = join(here, "node_modules", ".bin", "tsc");
const Decimal = Stripe.Decimal.zero.constructor;

const options = {
    target: "ES2023",
    module: "ESNext",
    moduleResolution: "bundler",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
};

/** Records objects with the name of their type, then checks all of them at once. */
export function shapes() {
    const recorded = [];
    return {
        /** Takes an object of `Stripe.{type}`, such as `Customer` or `ApiList<Stripe.Customer>`, and returns it. */
        record(type, object) {
            recorded.push(`export const ${nameOf(object, recorded.length)}: Stripe.${type} = ${literal(object)};`);
            return object;
        },

        /** Throws with the compiler's sentences when an object is not of its type. */
        async check() {
            await mkdir(artifacts, { recursive: true });
            const folder = await mkdtemp(join(artifacts, "shapes-"));
            try {
                const source = join(folder, "shapes.ts");
                await writeFile(
                    source,
                    `import type Stripe from 'stripe';\ndeclare const decimal: (text: string) => Stripe.Decimal;\n\n${recorded.join("\n\n")}\n`,
                );
                await writeFile(
                    join(folder, "tsconfig.json"),
                    JSON.stringify({ compilerOptions: options, files: ["shapes.ts"] }),
                );
                await promisify(execFile)(compiler, ["-p", folder], { maxBuffer: 16 * 1024 * 1024 });
            } catch (failure) {
                throw new Error(failure.stdout || failure.message, { cause: failure });
            } finally {
                await rm(folder, { recursive: true });
            }
        },
    };
}

// `lastResponse` is not enumerable, and so not part of the literal.
function literal(value) {
    if (value instanceof Decimal) return `decimal(${JSON.stringify(value.toString())})`;
    if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${literal(member)}`);
    return `{\n${members.join(",\n")}\n}`;
}

function nameOf(object, index) {
    return `${String(object?.object ?? "object").replaceAll(/\W/g, "_")}_${index}`;
}
