"""Two generated clients, each from the started host's own document: they compile, and complete a borrow."""

import pathlib
import shutil
import subprocess
import sys
import urllib.request

from host import PASSWORD

SOURCES = pathlib.Path(__file__).parent / "clients"


def both(host, folder):
    document = folder / "openapi.json"
    with urllib.request.urlopen(f"{host.url}/api-docs/openapi.json") as answer:
        document.write_bytes(answer.read())
    results = [attempt("TypeScript", typescript, host, document), attempt("Python", python, host, document)]
    return all(results)


def attempt(name, client, host, document):
    try:
        client(host, document)
    except subprocess.CalledProcessError as error:
        print(f"contract: the {name} client: {error}\n{error.stdout}", file=sys.stderr)
        return False
    print(f"contract: the {name} client compiles and has completed a borrow")
    return True


def run(folder, *command):
    subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def typescript(host, document):
    # Where `install` has put the packages.
    folder = document.parent.parent / "typescript"
    for source in ("borrow.ts", "tsconfig.json"):
        shutil.copy(SOURCES / "typescript" / source, folder)
    tools = folder / "node_modules" / ".bin"
    run(folder, tools / "openapi-typescript", document, "--output", "api.d.ts")
    run(folder, tools / "tsc", "--project", ".")
    run(folder, "node", "built/borrow.js", host.url, PASSWORD)


def python(host, document):
    folder = document.parent / "python"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tools = pathlib.Path(sys.executable).parent
    shutil.copy(SOURCES / "python" / "borrow.py", folder)
    (folder / "config.yml").write_text("package_name_override: folkshelf_client\npost_hooks: []\n")
    generate = ["generate", "--path", document, "--output-path", folder / "client", "--config", "config.yml"]
    run(folder, tools / "openapi-python-client", *generate, "--meta", "none", "--fail-on-warning")
    (folder / "client").rename(folder / "folkshelf_client")
    run(folder, tools / "mypy", "--strict", "borrow.py")
    run(folder, tools / "python", "borrow.py", host.url, PASSWORD)
