/* picture_status - the exit statuses of therappai-auth-picture, for it and for who starts it. */
#ifndef BASE_PICTURE_STATUS_H
#define BASE_PICTURE_STATUS_H

enum picture_status {
    PICTURE_IS_JPEG = 10, /* the picture that was written */
    PICTURE_IS_PNG = 11,
    PICTURE_UNKNOWN = 20,    /* no JPEG, PNG, WebP or GIF by its first bytes */
    PICTURE_TOO_LARGE = 21,  /* more than PICTURE_PIXELS_MAX, as its header says; not decoded */
    PICTURE_BROKEN = 22,     /* cannot be decoded, or not within the limits of the program */
    PICTURE_NO_SANDBOX = 30, /* it could not be shut in, so nothing was read */
    PICTURE_NOT_READ = 31,
    PICTURE_NOT_WRITTEN = 32
};

enum {
    PICTURE_PIXELS_MAX = 40000000, /* width times height of what is sent */
    PICTURE_SIDE_MAX = 512         /* pixels of the longer side of what is kept */
};

#endif
