"""Try clients that are not in the lock against a live Gatepost, and how fast a check is.

    python -m tests.checks.akismet_clients FOLDER

Installs npm's @cedx/akismet, akismet-api and akismet into FOLDER, drives the drop-in for WordPress
where PHP is installed, then lets eight clients check comments at once, and says what each of
them saw.
"""

import http.client
import json
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.building import ORIGIN
from tests.serving import ROOT
from tests.spamming import HONEST, SELLING
from tests.web.caller import THANKS, serving

CLIENTS, CHECKS = 8, 250
LIMIT = 0.200  # seconds, 99 of 100
DROP_IN = ROOT / "docs" / "recipes" / "wordpress" / "gatepost-akismet.php"
NODE = """
import {Author, Blog, Client, Comment} from "@cedx/akismet";
const [url, key, blog] = process.argv.slice(2);
const site = new Blog({url: blog, charset: "UTF-8", languages: ["en"]});
const client = new Client(key, site, {baseUrl: url});
const of = (name, content, more = {}) => new Comment({
  author: new Author({name, ipAddress: "203.0.113.9", ...more}), content,
  context: ["rivers", "boats"], permalink: `${blog}/amazon`, type: "comment",
});
const worst = "Buy cheap pills online viagra cialis http://pills-rx24.shop/order http://pills-rx24.shop/a";
const fine = of("Ana", "I grew up two hours from that river and it was never this low.");
const spam = of("viagra-test-123", "Hello");
await client.submitSpam(of("cheap pills", worst));
await client.submitHam(fine);
console.log(JSON.stringify({
  verify: await client.verifyKey(),
  wrong: await new Client("0".repeat(40), site, {baseUrl: url}).verifyKey(),
  ham: await client.checkComment(fine),
  spam: await client.checkComment(spam),
  discard: await client.checkComment(of("cheap pills", worst)),
  administrator: await client.checkComment(of("Ana", worst, {role: "administrator"})),
}));
"""
NAMES = """
// Clients that put the key before the host, which a name server would lead to us.
import dns from "node:dns";
import {createRequire} from "node:module";
const lookup = dns.lookup;
dns.lookup = (name, ...rest) => lookup(name.endsWith("localhost") ? "127.0.0.1" : name, ...rest);
const require = createRequire(import.meta.url);
const [host, key, blog] = process.argv.slice(2);
const [, port] = host.split(":");
const fine = "I grew up two hours from that river and it was never this low.";
const asked = (name, content) => ({user_ip: "203.0.113.9", comment_author: name,
  comment_content: content, comment_type: "comment"});

const {AkismetClient} = require("akismet-api");
const first = new AkismetClient({key, blog, host, protocol: "http"});
const api = {
  verify: await first.verifyKey(),
  ham: await first.checkSpam({ip: "203.0.113.9", name: "Ana", content: fine}),
  spam: await first.checkSpam({ip: "203.0.113.9", name: "viagra-test-123", content: fine}),
  trap: await first.checkSpam({name: "Ana", content: fine, honeypot: "filled in"}),
  submit: (await first.submitSpam({name: "Ana", content: "Cheap pills"})).text,
};

const other = require("akismet").client({apiKey: key, blog, host: "localhost", port: Number(port)});
const call = (deed, ...more) => new Promise((yes, no) => {
  other[deed](...more, (error, found) => error ? no(error) : yes(found));
});
const plain = {
  verify: await call("verifyKey"),
  ham: await call("checkComment", asked("Ana", fine)),
  spam: await call("checkComment", asked("viagra-test-123", fine)),
  submit: await call("submitHam", asked("Ana", fine)) ?? "",
};
console.log(JSON.stringify({api, plain}));
"""
PHP = """<?php
// WordPress as far as the drop-in sees it.
$filters = [];
function add_filter( $name, $deed ) { global $filters; $filters[] = $deed; }
function wp_remote_request( $url, $args ) {
    $told = stream_context_create( [ 'http' => [
        'method' => $args['method'], 'content' => $args['body'], 'protocol_version' => 1.0,
        'header' => array_map( fn( $name ) => "$name: {$args['headers'][$name]}",
            array_keys( $args['headers'] ) ),
    ] ] );
    return [ 'body' => file_get_contents( $url, false, $told ), 'url' => $url ];
}
require $argv[1];
function ask( $url, $body ) {
    global $filters;
    $headers = [
        'Content-Type' => 'application/x-www-form-urlencoded; charset=UTF-8',
        'Host' => 'rest.akismet.com',
    ];
    $args = [ 'method' => 'POST', 'body' => $body, 'headers' => $headers ];
    $found = $filters[0]( false, $args, $url );
    return $found ? $found['body'] : $found;
}
[ , , $key, $blog ] = $argv;
$site = http_build_query( [ 'blog' => $blog ] );
echo json_encode( [
    'verify' => ask( 'https://rest.akismet.com/1.1/verify-key', "$site&key=$key" ),
    'plain' => ask( 'http://rest.akismet.com/1.1/verify-key', "$site&key=$key" ),
    'older' => ask( "https://$key.rest.akismet.com/1.1/verify-key", $site ),
    'spam' => ask( 'https://rest.akismet.com/1.1/comment-check',
        "$site&api_key=$key&comment_author=viagra-test-123" ),
    'others' => ask( 'https://api.wordpress.org/plugins/', 'x=1' ),
    'alike' => ask( 'https://rest.akismet.com.example.org/1.1/verify-key', 'x=1' ),
] );
"""


def run(*command, folder):
    """Run a program and return what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def try_cedx(folder, service, key):
    """Run npm's client; what it should see is compared."""
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    run("npm", "install", "--no-audit", "--no-fund", "@cedx/akismet", folder=folder)
    (folder / "ask.js").write_text(NODE, "utf-8")
    told = json.loads(run("node", "ask.js", service.base_url, key, ORIGIN, folder=folder))
    found = folder / "node_modules" / "@cedx" / "akismet" / "package.json"
    version = json.loads(found.read_text("utf-8"))["version"]
    right = {"verify": True, "wrong": False, "ham": 0, "spam": 1, "discard": 2, "administrator": 0}
    print(f"@cedx/akismet {version}: {'as it should be' if told == right else told}")
    return told == right


def try_names(folder, service, key):
    """Run the clients of npm that put the key before the host."""
    run("npm", "install", "--no-audit", "--no-fund", "akismet-api", "akismet@2", folder=folder)
    (folder / "names.js").write_text(NAMES, "utf-8")
    host = f"localhost:{service.port}"
    told = json.loads(run("node", "names.js", host, key, ORIGIN, folder=folder))
    right = {
        "api": {"verify": True, "ham": False, "spam": True, "trap": True, "submit": THANKS},
        "plain": {"verify": True, "ham": False, "spam": True, "submit": ""},
    }
    print(f"akismet-api and akismet: {'as it should be' if told == right else told}")
    return told == right


def try_wordpress(folder, service, key):
    """Drive the drop-in with the little of WordPress that it sees."""
    if shutil.which("php") is None:
        print("the drop-in for WordPress: not tried, as PHP is not installed")
        return True
    drop_in = folder / "gatepost-akismet.php"
    text = DROP_IN.read_text("utf-8").replace("https://comments.example.org", service.base_url)
    drop_in.write_text(text, "utf-8")
    run("php", "-l", str(drop_in), folder=folder)
    (folder / "ask.php").write_text(PHP, "utf-8")
    told = json.loads(run("php", "ask.php", str(drop_in), key, ORIGIN, folder=folder))
    right = dict.fromkeys(("verify", "plain", "older"), "valid")
    right |= {"spam": "true", "others": False, "alike": False}
    print(f"the drop-in for WordPress: {'as it should be' if told == right else told}")
    return told == right


def time_checks(service, key):
    """Let eight clients check comments at once; say how long a check takes."""
    taken, began = [], time.perf_counter()

    def ask(number):
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        for count in range(CHECKS):
            fields = {
                "api_key": key,
                "blog": ORIGIN,
                "user_ip": f"203.0.113.{number}",
                "permalink": f"{ORIGIN}/amazon",
                "comment_author": f"Reader {number}.{count}",
                "comment_author_email": f"reader{number}.{count}@example.org",
                "comment_content": chance.choice(HONEST + SELLING),
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            start = time.perf_counter()
            connection.request("POST", "/1.1/comment-check", urlencode(fields), headers)
            answer = connection.getresponse()
            if answer.read() not in (b"true", b"false"):
                raise SystemExit(f"a check was answered {answer.status}")
            taken.append(time.perf_counter() - start)
        connection.close()

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seconds = time.perf_counter() - began
    middle, last = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    print(
        f"{len(taken)} checks by {CLIENTS} clients: {len(taken) / seconds:.0f}/s,"
        f" p50 {middle * 1000:.1f} ms, p99 {last * 1000:.1f} ms, worst {max(taken) * 1000:.1f} ms"
    )
    return len(taken) == CLIENTS * CHECKS and last <= LIMIT


def main(arguments):
    """Try everything; 1 where something is not as it should be."""
    folder = Path(arguments[0]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with serving(folder / "service", "localhost") as (service, key):
        good = [
            try_cedx(folder, service, key),
            try_names(folder, service, key),
            try_wordpress(folder, service, key),
            time_checks(service, key),
        ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
