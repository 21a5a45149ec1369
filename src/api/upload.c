/* upload - see upload.h. */
#include "api/upload.h"
#include "auth/picture.h"
#include "base/log.h"
#include "http/multipart.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { NAME_LIMIT = 4096 };

/* The body under way. */
struct reader {
    struct upload *upload;
    struct field_errors *errors;
    const struct config *config;
    const struct field *field; /* of this part; NULL: none that we know */
    struct multipart *multipart;
};

static enum error take_name(struct reader *reader, const char *bytes, size_t size)
{
    buffer_append(&reader->upload->name, bytes, size);
    return ERROR_NONE;
}

static enum error end_name(struct reader *reader)
{
    if (reader->upload->name.overflowed)
        field_errors_add(reader->errors, "name", "This is too long.");
    return ERROR_NONE;
}

static enum error write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(file, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            LOG(LOG_LEVEL_ERROR, "upload_not_written", log_text("reason", strerror(errno)));
            return ERROR_INTERNAL;
        }
        bytes += count;
        size -= (size_t)count;
    }
    return ERROR_NONE;
}

/* The file is made when its first byte comes, so that an empty part makes none. */
static enum error take_picture(struct reader *reader, const char *bytes, size_t size)
{
    struct upload *upload = reader->upload;
    enum error error =
        upload->picture < 0 ? picture_receive(reader->config, &upload->picture) : ERROR_NONE;
    if (error)
        return error;
    upload->picture_size += (int64_t)size;
    return write_all(upload->picture, bytes, size);
}

static const struct field {
    const char *name;
    size_t came; /* offset of a bool in struct upload */
    enum error (*take)(struct reader *reader, const char *bytes, size_t size);
    enum error (*end)(struct reader *reader); /* or NULL */
} fields[] = {
    { "name", offsetof(struct upload, has_name), take_name, end_name },
    { "profile_pic", offsetof(struct upload, has_picture), take_picture, NULL },
};

/* Unknown parts are ignored, as unknown members are. Of two, other readers of the same body may
 * take the other. */
static enum error begin_part(void *context, const char *name)
{
    struct reader *reader = context;
    reader->field = NULL;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].name, name) != 0)
            continue;
        bool *came = (bool *)((char *)reader->upload + fields[i].came);
        if (*came)
            field_errors_add(reader->errors, fields[i].name, "This was sent twice.");
        else
            reader->field = &fields[i];
        *came = true;
    }
    return ERROR_NONE;
}

static enum error take_data(void *context, const char *bytes, size_t size)
{
    struct reader *reader = context;
    return reader->field ? reader->field->take(reader, bytes, size) : ERROR_NONE;
}

static enum error end_part(void *context)
{
    struct reader *reader = context;
    return reader->field && reader->field->end ? reader->field->end(reader) : ERROR_NONE;
}

static enum error feed(void *context, const char *bytes, size_t size)
{
    struct reader *reader = context;
    return multipart_feed(reader->multipart, bytes, size);
}

enum error upload_read(struct exchange *exchange, struct fcgi *fcgi, struct upload *upload)
{
    static const struct multipart_events events = { begin_part, take_data, end_part };
    const struct request *request = exchange->request;
    struct reader reader = { .upload = upload,
                             .errors = &exchange->errors,
                             .config = exchange->config };
    *upload = (struct upload){ .picture = -1 };
    buffer_init(&upload->name, NAME_LIMIT);
    if (request->content_length > exchange->config->upload_limit)
        return ERROR_PAYLOAD_TOO_LARGE;
    reader.multipart = multipart_new(request->content_type, &events, &reader);
    if (!reader.multipart)
        return ERROR_INVALID_MULTIPART;
    enum error error = fcgi_read_pieces(fcgi, request->content_length,
                                        exchange->config->upload_limit, feed, &reader);
    if (!error)
        error = multipart_finish(reader.multipart);
    multipart_free(reader.multipart);
    return error;
}

void upload_clear(struct upload *upload)
{
    buffer_clear(&upload->name);
    if (upload->picture >= 0)
        close(upload->picture);
    upload->picture = -1;
}
