/* handlers - what the route table names; each stands in the file of its resource. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/exchange.h"

handler signup_post; /* signup.c */

handler login_post; /* login.c */
handler refresh_post;
handler logout_post;

handler profile_get; /* profile.c */
handler profile_put; /* and PATCH */

handler account_delete_own; /* account.c */
handler export_get;
handler password_post;

handler reset_request_post; /* password_reset.c */
handler reset_verify_post;
handler reset_confirm_post;

handler personal_info_get; /* personal_info.c */
handler personal_info_put;

handler jwks_get; /* jwks.c */

handler admin_users_get; /* admin.c */
handler admin_users_post;
handler admin_user_get;
handler admin_user_patch;
handler admin_user_delete;
handler admin_sessions_get;
handler admin_sessions_delete;
handler admin_password_reset_post;
handler admin_roles_get;
handler admin_audit_get;

handler sessions_get; /* sessions.c */
handler sessions_delete;
handler session_delete;

handler introspect_post; /* tokens.c */
handler revoke_post;

handler description_get; /* description.c */

handler docs_get; /* docs.c */
handler docs_script_get;
handler docs_style_get;

handler healthz_get; /* status.c */
handler readyz_get;

handler metrics_get; /* metrics.c */

#endif
