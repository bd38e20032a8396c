# Sends one event with PowerShell 7.
$endpoint = if ($env:OPENCLONE_ENDPOINT) { $env:OPENCLONE_ENDPOINT } else { 'http://127.0.0.1:8000' }
if (-not $env:API_KEY) { throw 'set API_KEY to the key in ~/.openclone/.env' }
$now = [DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds() / 1000
$batch = @{
    source_type = 'braindump'; platform = 'windows'; device_id = 'test-001'; plugin_id = 'plain-http'
    plugin_version = '1.0.0'; timestamp = $now
    events = @(@{ timestamp = $now; data = @{ text = 'Hello from PowerShell!' }; raw_ref = 'powershell-1' })
}
# Bytes, because older versions would encode a string in the machine's code page. Depth, because data may be nested.
$body = [Text.Encoding]::UTF8.GetBytes(($batch | ConvertTo-Json -Depth 32 -Compress))

# PowerShell retries every status from 400 on; it does not retry a refused connection.
Invoke-RestMethod -Method Post -Uri "$endpoint/api/v1/ingest" -Headers @{ 'X-API-Key' = $env:API_KEY } `
    -ContentType 'application/json' -Body $body -MaximumRetryCount 5 -RetryIntervalSec 1 | ConvertTo-Json -Compress
