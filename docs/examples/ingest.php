<?php
// Sends one event with PHP alone (no extension but json), and retries while the service is unreachable.
$endpoint = getenv('OPENCLONE_ENDPOINT') ?: 'http://127.0.0.1:8000';
$key = getenv('API_KEY') ?: exit("set API_KEY to the key in ~/.openclone/.env\n");
$now = microtime(true);
$batch = [
    'source_type' => 'braindump', 'platform' => 'linux', 'device_id' => 'test-001', 'plugin_id' => 'plain-http',
    'plugin_version' => '1.0.0', 'timestamp' => $now,
    'events' => [['timestamp' => $now, 'data' => ['text' => 'Hello from PHP!'], 'raw_ref' => 'php-1']],
];
$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => ["Content-Type: application/json", "X-API-Key: $key"],
    'content' => json_encode($batch, JSON_THROW_ON_ERROR),
    'ignore_errors' => true,
    'timeout' => 30,
]]);

for ($attempt = 0; $attempt < 5; $attempt++) {
    $body = @file_get_contents("$endpoint/api/v1/ingest", false, $context);
    $status = $body === false ? 0 : (int) explode(' ', $http_response_header[0])[1];
    if ($status === 200) {
        echo $body, "\n";
        exit(0);
    }
    // A bad key or a bad batch stays bad; no answer, 429 and 5xx pass.
    if (!in_array($status, [0, 408, 429, 500, 502, 503, 504], true)) {
        fwrite(STDERR, "$status: $body\n");
        exit(1);
    }
    $pause = 0;
    foreach ($body === false ? [] : $http_response_header as $line) {
        if (stripos($line, 'Retry-After:') === 0) {
            $pause = (int) substr($line, 12);
        }
    }
    usleep((int) (1e6 * max($pause, lcg_value() * 0.5 * 2 ** $attempt)));
}
fwrite(STDERR, "not sent: keep the event and try later, under the same raw_ref\n");
exit(1);
