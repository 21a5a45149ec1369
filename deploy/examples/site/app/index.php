<?php
/* index.php - greets its user. The web server lets nobody in whom therappai-auth did not let in.
 * Who it is stands in AUTH_… and REMOTE_USER, which no client can set. What begins with HTTP_ is what
 * the client says of itself (HTTP_AUTH_USER_ID, HTTP_X_AUTH_USER_ID, …): never read that. */
declare(strict_types=1);

$id = $_SERVER['AUTH_USER_ID'] ?? '';
if ($id === '') {
    /* The guard is missing in the web server's configuration. */
    http_response_code(500);
    exit("not guarded\n");
}
$name = ($_SERVER['AUTH_EMAIL'] ?? '') ?: "user $id"; /* the email: where `session` is demanded */
header('Content-Type: text/plain; charset=utf-8');
header('Cache-Control: private, no-store');
echo "Hello $name, you are user $id.\n";
if (in_array('admin', explode(' ', $_SERVER['AUTH_ROLES'] ?? ''), true)) {
    echo "You may administer this site.\n";
}
